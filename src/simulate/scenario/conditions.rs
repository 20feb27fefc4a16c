//! The conditions under which a server works: what scenarios may change.

/// Conditions of one server at one moment. The default is that all is well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Whether the target answers.
    pub up: bool,
    /// Whether service discovery knows the target; else not even `up` says that it does not answer.
    pub known: bool,
    /// Whether the process runs; counters begin at 0 when it does again.
    pub alive: bool,
    /// Multiplies what arrives.
    pub arrivals: f64,
    /// Least that arrives, as a share of the highest usual demand: trouble at night is to be seen, too.
    pub least_arrivals: f64,
    /// Most that arrives per second at this server: where nearly nothing does, shares of the usual demand are too coarse.
    pub most_arrivals_per_second: f64,
    /// Multiplies the tokens of prompts.
    pub prompt: f64,
    /// Multiplies the time of prefill and decode.
    pub latency: f64,
    /// Multiplies the time of prefill alone, besides.
    pub prefill: f64,
    /// Share of requests that fail, besides the usual ones.
    pub errors: f64,
    /// Multiplies the share of prompts that is found in the prefix cache.
    pub hits: f64,
    /// Whether the engine makes no progress.
    pub stuck: bool,
    /// GPU: how far it is too hot, 0 to 1.
    pub heat: f64,
    /// GPU: code of the XID error of the first GPU; 0 if there is none.
    pub xid: u32,
    /// GPU: whether the first GPU is gone.
    pub lost: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            up: true,
            known: true,
            alive: true,
            arrivals: 1.0,
            least_arrivals: 0.0,
            most_arrivals_per_second: f64::INFINITY,
            prompt: 1.0,
            latency: 1.0,
            prefill: 1.0,
            errors: 0.0,
            hits: 1.0,
            stuck: false,
            heat: 0.0,
            xid: 0,
            lost: false,
        }
    }
}
