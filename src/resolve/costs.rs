//! `[costs]`: prices to pools, and how GPUs are counted. Budgets are resolved in `budgets`.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{CostSettings, Endpoint, KubernetesSettings, Model, Pool};
use super::{Context, budgets};
use crate::catalog::Signal;
use crate::declare::Named;
use crate::declare::values::Slug;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::{Place, Spanned};
use crate::spec::{Costs, Document, GpusFrom, PriceSource, Purchase, Rate, RateByPurchase};
use crate::units::{Currency, MoneyPerHour, PerMonth, Price};

/// Input tokens that an output token costs as much as, where nothing is declared: what public price lists come near to.
const OUTPUT_WEIGHT: f64 = 4.0;

/// Resolves `[costs]` and gives each pool its rate. Reports pools in use without a price and prices without use.
pub fn resolve(
    document: &Document,
    kubernetes: &KubernetesSettings,
    pools: &mut BTreeMap<String, Pool>,
    models: &BTreeMap<String, Model>,
    ctx: &mut Context<'_>,
) -> Option<CostSettings> {
    purchases_without_prices(document, ctx);
    let raw = document.costs.as_ref()?;
    let source = raw.source.as_ref().map_or(PriceSource::Rates, |s| s.value);
    let mut maker = Maker { document, raw, currency: raw.currency.as_ref().map(|c| &c.value), ctx };
    maker.currencies();
    match source {
        PriceSource::Rates => maker.rates(pools),
        PriceSource::OpenCost => maker.no_rates(),
    }
    maker.energy(pools, source);
    if source == PriceSource::Rates {
        maker.unpriced(pools, models);
    }
    let gpus_from = maker.gpus_from(kubernetes, pools, models);
    // OpenCost and kube-state-metrics together know the node of each pod, and with it the price.
    let by_node = source == PriceSource::OpenCost && gpus_from == GpusFrom::Requests;
    let nothing = raw.rates.is_none() && raw.energy_price.is_none() && source == PriceSource::Rates;
    if !by_node && !nothing && (!pools.is_empty() || source == PriceSource::OpenCost) {
        maker.models_without_pool(pools, models);
    }
    let budgets = budgets::resolve(document, raw, pools, models, ctx);
    Some(CostSettings {
        currency: raw.currency.as_ref().map(|c| c.value.clone()).unwrap_or_default(),
        source,
        energy_price: raw.energy_price.as_ref().map(|p| p.amount),
        gpus_from,
        output_weight: raw.output_weight.as_ref().map_or(OUTPUT_WEIGHT, |w| w.0),
        monthly_budget: raw.monthly_budget.as_ref().map(|b| PerMonth(b.amount)),
        model_budgets: budgets.models,
        pool_budgets: budgets.pools,
        namespace_budgets: budgets.namespaces,
    })
}

/// Counts for each model how many models the same servers serve. Each of them carries an equal part of the GPUs: the pods must
/// not be paid for twice.
pub fn count_served_together(models: &mut BTreeMap<String, Model>) {
    let key = |m: &Model| {
        let matchers = if m.endpoint == Endpoint::Foreign {
            m.target_matchers.iter().map(|m| (m.label.clone(), m.value.clone())).collect()
        } else {
            Vec::new()
        };
        (m.endpoint.clone(), m.namespace.clone(), matchers)
    };
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    for model in models.values() {
        *counts.entry(key(model)).or_default() += 1;
    }
    for model in models.values_mut() {
        model.served_together = counts.get(&key(model)).copied().unwrap_or(1);
    }
}

/// Shares and ownership of a pool mean nothing where nothing has a price.
fn purchases_without_prices(document: &Document, ctx: &mut Context<'_>) {
    let opencost =
        document.costs.as_ref().and_then(|c| c.source.as_ref()).map(|s| s.value) == Some(PriceSource::OpenCost);
    if document.costs.is_some() && !opencost {
        return;
    }
    for (name, pool) in document.gpus.iter().flat_map(|g| &g.entries) {
        let keys =
            [("purchase", pool.purchase.as_ref().map(|p| p.place)), ("owned", pool.owned.as_ref().map(|o| o.place))];
        for (key, place) in keys {
            let Some(place) = place else { continue };
            let label = if opencost { "OpenCost knows the price of each node" } else { "needs `[costs]`" };
            let message = format!("`{key}` of pool `{name}` would not be used");
            ctx.sink.push(Diagnostic::new(Code::SpecConflict, message, place, label));
        }
    }
}

struct Maker<'a, 'c> {
    document: &'a Document,
    raw: &'a Costs,
    currency: Option<&'a Currency>,
    ctx: &'a mut Context<'c>,
}

impl Maker<'_, '_> {
    fn report(&mut self, code: Code, message: String, place: Place, label: impl Into<String>) {
        self.ctx.sink.push(Diagnostic::new(code, message, place, label));
    }

    /// One file has one currency: nothing here knows exchange rates.
    fn currencies(&mut self) {
        let own = self.currency.cloned().unwrap_or_default();
        let mut prices: Vec<(Place, &Price)> = Vec::new();
        let raw = self.raw;
        prices.extend([&raw.energy_price, &raw.monthly_budget].into_iter().flatten().map(|p| (p.place, &p.value)));
        prices.extend(raw.budgets.iter().flat_map(|b| b.entries.values()).map(|p| (p.place, &p.value)));
        for rate in raw.rates.iter().flat_map(|r| r.entries.values()) {
            match &rate.value {
                Rate::One(price) => prices.push((rate.place, price)),
                Rate::ByPurchase(by) => {
                    prices.extend(
                        [&by.on_demand, &by.reserved, &by.spot].into_iter().flatten().map(|p| (p.place, &p.value)),
                    );
                }
            }
        }
        for (place, price) in prices {
            if let Some(other) = price.currency.as_ref().filter(|c| **c != own) {
                let message = format!("an amount in {other} in a file of amounts in {own}");
                let said = if self.currency.is_some() { "`currency` says so" } else { "the default of `currency`" };
                let label = format!("expected {own}: {said}");
                self.ctx.sink.push(
                    Diagnostic::new(Code::SpecConflict, message, place, label)
                        .help("convert the amount, or set `currency` for the whole file"),
                );
            }
        }
    }

    fn no_rates(&mut self) {
        let raw = self.raw;
        let keys = [
            ("rates", raw.rates.as_ref().map(|r| r.place)),
            ("energy_price", raw.energy_price.as_ref().map(|p| p.place)),
        ];
        for (key, place) in keys {
            let Some(place) = place else { continue };
            let finding = Diagnostic::new(
                Code::SpecConflict,
                format!("`{key}` is declared, and prices come from OpenCost"),
                place,
                "needs `source = \"rates\"`",
            );
            self.ctx.sink.push(finding.help("leave one of the two out: GPUs have one price"));
        }
    }

    fn rates(&mut self, pools: &mut BTreeMap<String, Pool>) {
        let raw = self.raw;
        let Some(rates) = &raw.rates else {
            // A key that is not known may be the one that is missing.
            if raw.energy_price.is_none()
                && !self.ctx.sink.has(Code::SpecUnknownKey)
                && !raw.refused.iter().any(|k| ["rates", "energy_price", "source"].contains(k))
            {
                self.ctx.sink.push(
                    Diagnostic::new(
                        Code::SpecMissingKey,
                        "`[costs]` has no price",
                        self.document.costs.as_ref().map(|c| c.place).unwrap_or_default(),
                        "expected `rates`, `energy_price` or `source = \"opencost\"`",
                    )
                    .help("add `rates = { … }` with the price of a GPU-hour by pool or GPU model"),
                );
            }
            return;
        };
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for pool in pools.values_mut() {
            let names = std::iter::once(pool.name.clone())
                .chain(std::iter::once(pool.gpu.id.clone()))
                .chain(pool.gpu.aliases.iter().cloned());
            for name in names {
                let Some((key, rate)) = rates.value.entries.iter().find(|(k, _)| k.as_str() == name) else { continue };
                used.insert(key.as_str());
                if pool.rate.is_none() {
                    pool.rate = self.rate_of(&pool.name, key, rate);
                }
            }
        }
        self.unused(rates, &used, pools);
    }

    /// Weighs the prices by the shares of the pool. What cannot be weighed is reported and gives one of the prices, so that the
    /// pool does not count as unpriced.
    fn rate_of(&mut self, pool: &str, key: &Slug, rate: &Spanned<Rate>) -> Option<MoneyPerHour> {
        let shares = self.document.gpus.iter().flat_map(|g| &g.entries).find(|(name, _)| name.as_str() == pool);
        let shares = shares.and_then(|(_, p)| p.purchase.as_ref());
        let by = match &rate.value {
            Rate::One(price) => {
                if let Some(shares) = shares {
                    let finding = Diagnostic::new(
                        Code::SpecConflict,
                        format!("pool `{pool}` is bought in several ways, and its rate is one price"),
                        shares.place,
                        "needs a price for each way",
                    );
                    let finding = finding.related(rate.place, "the price");
                    self.ctx.sink.push(finding.help(format!("write `rates.{key} = {{ on_demand = …, spot = … }}`")));
                }
                return Some(MoneyPerHour(price.amount));
            }
            Rate::ByPurchase(by) => by,
        };
        let ways = ways(by, shares.map(|s| &s.value));
        if let Some(shares) = shares {
            let sum: f64 = ways.iter().map(|w| w.share).sum();
            if (sum - 1.0).abs() > 1e-6 && shares.refused.is_empty() {
                let percent = crate::units::number((sum * 1e8).round() / 1e6);
                self.report(
                    Code::SpecInvalidValue,
                    format!("the shares of pool `{pool}` add up to {percent}%"),
                    shares.place,
                    "expected shares that add up to 100%",
                );
            }
        }
        let mut mean = 0.0;
        for way in ways.iter().filter(|w| w.share > 0.0) {
            match way.price {
                Some(price) => mean += way.share * price,
                None if by.refused.contains(&way.name) => {}
                None => {
                    let label = match shares {
                        Some(_) => format!("needs `{}`: the pool is bought that way, too", way.name),
                        None => "needs `on_demand`, or `purchase` in the table of the pool".to_owned(),
                    };
                    let message = format!("the rate `{key}` has no price for `{}` GPUs of pool `{pool}`", way.name);
                    self.report(Code::SpecMissingKey, message, rate.place, label);
                }
            }
        }
        let any = ways.iter().find_map(|w| w.price);
        // Digits that binary fractions add have no business in a price.
        let mean = (mean * 1e9).round() / 1e9;
        if mean > 0.0 { Some(MoneyPerHour(mean)) } else { any.map(MoneyPerHour) }
    }

    fn unused(&mut self, rates: &Spanned<Named<Slug, Rate>>, used: &BTreeSet<&str>, pools: &BTreeMap<String, Pool>) {
        for (key, rate) in &rates.value.entries {
            // The rate of a pool that could not be resolved is no second mistake.
            let gpus = &self.document.gpus;
            let declared = gpus.iter().any(|g| g.entries.contains_key(key) || g.refused.contains(key.as_str()));
            if used.contains(key.as_str()) || (declared && !pools.contains_key(key.as_str())) {
                continue;
            }
            let place = rates.value.key_places.get(key).copied().unwrap_or(rate.place);
            let known = self.ctx.gpus.get(key.as_str()).is_some();
            let (code, message) = if known {
                (Code::CostRateUnused, format!("no pool has the GPU model `{key}`"))
            } else {
                (Code::SpecUnknownReference, format!("`{key}` is neither a pool nor a GPU model"))
            };
            let mut diagnostic =
                Diagnostic::new(code, message, place, "expected the name of a pool in [gpus] or a GPU model");
            let names = pools.keys().map(String::as_str).chain(self.ctx.gpus.gpus.iter().map(|g| g.id.as_str()));
            if !known && let Some(near) = did_you_mean(key.as_str(), names) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            self.ctx.sink.push(diagnostic);
        }
    }

    fn models_without_pool(&mut self, pools: &BTreeMap<String, Pool>, models: &BTreeMap<String, Model>) {
        let (label, help) = if pools.is_empty() {
            (
                "no pool is declared",
                "declare the GPUs in `[gpus.NAME]`, or scrape kube-state-metrics and say so".to_owned(),
            )
        } else {
            let help = format!("add `pool = \"…\"`: one of {}", listed(pools));
            ("several pools are declared, so none is the obvious one", help)
        };
        // A pool that was refused is no second mistake.
        if pools.is_empty() && self.document.gpus.is_some() {
            return;
        }
        for model in models.values().filter(|m| m.pool.is_none() && !names_pool(self.document, &m.name)) {
            let message = format!("model `{}` names no pool: no cost can be computed for it", model.name);
            let finding = Diagnostic::new(Code::CostModelWithoutGpus, message, model.place, label);
            self.ctx.sink.push(finding.help(help.clone()));
        }
    }

    /// GPUs of one's own cost energy: its price, and an exporter that counts it.
    fn energy(&mut self, pools: &BTreeMap<String, Pool>, source: PriceSource) {
        if source == PriceSource::OpenCost {
            return;
        }
        let refused = self.raw.refused.contains(&"energy_price");
        for pool in pools.values().filter(|p| p.owned) {
            if self.raw.energy_price.is_none() && !refused {
                self.ctx.sink.push(
                    Diagnostic::new(
                        Code::SpecConflict,
                        format!("pool `{}` is owned, and energy has no price", pool.name),
                        pool.place,
                        "needs `energy_price` in `[costs]`",
                    )
                    .help("add `energy_price = 0.30`, the price of a kilowatt-hour with cooling"),
                );
            }
            if pool.signal(Signal::GpuEnergy).is_none() {
                let message = format!("the exporter of pool `{}` does not count energy", pool.name);
                self.report(Code::SpecConflict, message, pool.place, "`owned` needs a counter of energy");
            }
        }
        if let Some(price) = &self.raw.energy_price
            && !pools.values().any(|p| p.owned)
            && !self.document.gpus.iter().any(|g| !g.refused.is_empty() || g.entries.len() > pools.len())
        {
            self.report(
                Code::CostRateUnused,
                "no pool is owned: the price of energy is not used".to_owned(),
                price.place,
                "needs a pool with `owned = true`",
            );
        }
    }

    fn unpriced(&mut self, pools: &BTreeMap<String, Pool>, models: &BTreeMap<String, Model>) {
        let raw = self.raw;
        if raw.rates.is_none() && raw.energy_price.is_none() {
            return;
        }
        let refused = |p: &Pool| {
            let mut names = [&p.name, &p.gpu.id].into_iter().chain(&p.gpu.aliases);
            raw.refused.contains(&"rates")
                || names.any(|n| raw.rates.as_ref().is_some_and(|rates| rates.refused.contains(n)))
        };
        for pool in pools.values().filter(|p| p.rate.is_none() && !p.owned && !refused(p)) {
            if models.values().any(|m| m.pool.as_ref() == Some(&pool.name)) {
                self.ctx.sink.push(
                    Diagnostic::new(
                        Code::CostRateMissing,
                        format!("the pool `{}` has no rate: its models get no cost", pool.name),
                        pool.place,
                        "models run on this pool",
                    )
                    .help(format!("add `rates.{} = …` to [costs]", pool.name)),
                );
            }
        }
    }

    fn gpus_from(
        &mut self,
        kubernetes: &KubernetesSettings,
        pools: &BTreeMap<String, Pool>,
        models: &BTreeMap<String, Model>,
    ) -> GpusFrom {
        let usual = if kubernetes.kube_state_metrics { GpusFrom::Requests } else { GpusFrom::Replicas };
        let Some(chosen) = &self.raw.gpus_from else { return usual };
        if chosen.value == GpusFrom::Requests && !kubernetes.kube_state_metrics {
            self.ctx.sink.push(
                Diagnostic::new(
                    Code::SpecConflict,
                    "requested GPUs are counted by kube-state-metrics, which is not declared",
                    chosen.place,
                    "needs `kube_state_metrics = true` in `[kubernetes]`",
                )
                .help("scrape kube-state-metrics and say so, or write `gpus_from = \"replicas\"`"),
            );
        }
        if chosen.value == GpusFrom::Attribution {
            let names_pods = |p: &&Pool| p.targets.is_empty() && p.signal(Signal::GpuTemperature).is_some();
            let blind =
                pools.values().find(|p| models.values().any(|m| m.pool.as_ref() == Some(&p.name)) && !names_pods(p));
            if let Some(pool) = blind {
                let message = format!("the exporter of pool `{}` does not see pods", pool.name);
                self.report(Code::SpecConflict, message, chosen.place, "expected `requests` or `replicas`");
            }
        }
        chosen.value
    }
}

/// One way to buy: its key, its price, and its share of a pool.
struct Way {
    name: &'static str,
    price: Option<f64>,
    share: f64,
}

/// Without shares, everything is bought by the hour.
fn ways(rates: &RateByPurchase, shares: Option<&Purchase>) -> [Way; 3] {
    let price = |p: &Option<Spanned<Price>>| p.as_ref().map(|p| p.amount);
    let share = |of: fn(&Purchase) -> &Option<Spanned<crate::units::Ratio>>, usual: f64| {
        shares.map_or(usual, |s| of(s).as_ref().map_or(0.0, |r| r.value.value()))
    };
    [
        Way { name: "on_demand", price: price(&rates.on_demand), share: share(|s| &s.on_demand, 1.0) },
        Way { name: "reserved", price: price(&rates.reserved), share: share(|s| &s.reserved, 0.0) },
        Way { name: "spot", price: price(&rates.spot), share: share(|s| &s.spot, 0.0) },
    ]
}

/// Returns whether a model names a pool, be it one that was refused.
fn names_pool(document: &Document, model: &str) -> bool {
    let raw = document.models.iter().flat_map(|m| &m.entries).find(|(name, _)| name.as_str() == model);
    raw.is_some_and(|(_, m)| m.pool.is_some())
}

fn listed(pools: &BTreeMap<String, Pool>) -> String {
    pools.keys().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")
}
