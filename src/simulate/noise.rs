//! Noise that is the same in every run: numbers hashed from a seed, a stream and a moment. No state, no clock.

/// Returns the seed of a name under the seed of a run (FNV-1a, then mixed).
pub fn seed(run: u64, name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    mix(hash ^ mix(run))
}

/// Mixes 64 bits (the end of SplitMix64).
fn mix(bits: u64) -> u64 {
    let x = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns a number from 0 up to, and without, 1.
pub fn uniform(seed: u64, stream: u64, moment: u64) -> f64 {
    // 53 bits are what an f64 holds.
    (mix(seed ^ mix(stream ^ mix(moment))) >> 11) as f64 / (1u64 << 53) as f64
}

/// Returns a number around 0 with deviation 1: the sum of twelve uniform ones less six, which never leaves -6 to 6.
pub fn normal(seed: u64, stream: u64, moment: u64) -> f64 {
    (0..12).map(|n| uniform(seed ^ (n << 56), stream, moment)).sum::<f64>() - 6.0
}

/// Mean from which a Poisson number is drawn as a rounded normal one.
const MANY: f64 = 40.0;

/// Returns a Poisson number: how many of independent events fall into a span where `mean` are expected.
pub fn poisson(mean: f64, seed: u64, stream: u64, moment: u64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean >= MANY {
        return (mean + mean.sqrt() * normal(seed, stream, moment)).round().max(0.0);
    }
    let u = uniform(seed, stream, moment);
    let mut probability = (-mean).exp();
    let mut below = probability;
    let mut n = 0.0;
    // Beyond 200 nothing is left of a mean below 40.
    while u > below && n < 200.0 {
        n += 1.0;
        probability *= mean / n;
        below += probability;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_has_its_mean_and_variance() {
        for mean in [0.02, 3.0, 39.0, 400.0] {
            let all: Vec<f64> = (0..20_000).map(|m| poisson(mean, 7, 1, m)).collect();
            let n = all.len() as f64;
            let average = all.iter().sum::<f64>() / n;
            let variance = all.iter().map(|v| (v - average).powi(2)).sum::<f64>() / n;
            assert!((average / mean - 1.0).abs() < 0.15, "mean {mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.15, "variance of {mean}: {variance}");
        }
    }
}
