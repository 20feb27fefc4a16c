//! What is recorded of a model: GPUs held, cost per hour, what a token and a request cost, what is idle, what is spent.

use super::account::{Account, kinds};
use super::quantity::{Join, Quantity};
use super::{gpus, price, spend};
use crate::catalog::Signal;
use crate::names::Names;
use crate::promql::{AggregateOp, Grouping, aggregate, call, number};
use crate::resolve::{Model, Plan};
use crate::signals::model::recorded;
use crate::signals::{Latency, Quantile, Record, What};
use crate::spec::GpusFrom;
use crate::units::Duration;
use crate::units::money_units::{Money, Per, Requests, Seconds, Share};

/// Requests of which the cost is recorded.
const QUANTILES: [Quantile; 3] = [Quantile::P50, Quantile::P95, Quantile::P99];

/// Makes the records of a model; they read its replicas, tokens, requests and latencies.
pub fn records(model: &Model, plan: &Plan, names: &Names) -> Vec<Record> {
    let maker = Maker { model, plan, names, account: Account::model(model, names) };
    let mut out = vec![maker.gpus()];
    if let Some(cost) = maker.cost() {
        out.push(cost);
        maker.per_tokens(&mut out);
        maker.per_request(&mut out);
        out.extend(maker.idle());
        out.push(spend::of_hour(&maker.account, plan));
    }
    out
}

/// Makes the records that need longer windows; none if the cost is not known.
pub fn spend(model: &Model, plan: &Plan, names: &Names) -> Vec<Record> {
    let Some(costs) = plan.costs.as_ref().filter(|_| is_priced(model, plan)) else { return Vec::new() };
    let budget = costs.model_budgets.get(&model.name).copied();
    spend::records(&Account::model(model, names), budget, plan)
}

/// Returns whether the cost of a model is known.
pub fn is_priced(model: &Model, plan: &Plan) -> bool {
    price::by_nodes(model, plan).is_some()
        || gpus::pool_of(model, plan).is_some_and(|p| price::of_pool(p, plan).is_some())
}

struct Maker<'a> {
    model: &'a Model,
    plan: &'a Plan,
    names: &'a Names,
    account: Account<'a>,
}

impl Maker<'_> {
    fn gpus(&self) -> Record {
        let replicas = recorded(self.model, self.names, What::Replicas).expr();
        let gpus = gpus::of_model(self.model, self.plan, replicas);
        match gpus::counted_by(self.model, self.plan) {
            GpusFrom::Replicas => {
                self.account.record_with(kinds::GPUS, gpus, gpus::GPUS_FROM, GpusFrom::Replicas.word())
            }
            // The expression says which of two ways was taken.
            _ => self.account.record(kinds::GPUS, gpus),
        }
    }

    /// GPUs x money/(GPU x hour) = money/hour. The sum leaves the label of how GPUs were counted behind.
    fn cost(&self) -> Option<Record> {
        let by_pool = || {
            let price = price::recorded(gpus::pool_of(self.model, self.plan)?, self.plan, self.names)?;
            Some(self.account.series(kinds::GPUS).now().sum().at(price, Join::On(&[])))
        };
        let by_pool = by_pool();
        let cost = match (price::by_nodes(self.model, self.plan), by_pool) {
            (Some(by_nodes), Some(by_pool)) => by_nodes.or(by_pool, Join::On(&[])),
            (by_nodes, by_pool) => by_nodes.or(by_pool)?,
        };
        Some(self.account.record(kinds::COST, cost))
    }

    fn has(&self, signal: Signal) -> bool {
        self.model.source(signal).is_some()
    }

    fn per_tokens(&self, out: &mut Vec<Record>) {
        let (prompt, generation) = (kinds::PROMPT_TOKENS, kinds::GENERATION_TOKENS);
        let both = self.has(Signal::PromptTokens) && self.has(Signal::GenerationTokens);
        let of = |tokens| self.account.per_million(tokens);
        if both {
            out.push(
                self.account.record(kinds::PER_TOKENS, of(self.account.series(kinds::TOKENS).mean(Duration::HOUR))),
            );
        }
        if self.has(Signal::GenerationTokens) {
            let per = of(self.account.series(generation).mean(Duration::HOUR));
            out.push(self.account.record(kinds::PER_GENERATION_TOKENS, per));
        }
        let weight = self.plan.costs.as_ref().map(|c| c.output_weight).filter(|_| both);
        if let Some(weight) = weight {
            // An output token counts as `weight` input tokens: the prices of both, times their tokens, make the whole cost.
            let weighted = self.account.series(prompt).mean(Duration::HOUR);
            let weighted =
                weighted.plus(self.account.series(generation).mean(Duration::HOUR).scaled(weight), Join::Same);
            out.push(self.account.record(kinds::PER_INPUT_TOKENS, of(weighted)));
            let input = self.account.series(kinds::PER_INPUT_TOKENS).now();
            out.push(self.account.record(kinds::PER_OUTPUT_TOKENS, input.scaled(weight)));
        }
    }

    fn per_request(&self, out: &mut Vec<Record>) {
        if self.has(Signal::Requests) {
            out.push(self.account.record(kinds::PER_REQUEST, self.account.per_request()));
        }
        if !self.has(Signal::Running) || !self.has(Signal::E2eLatency) {
            return;
        }
        // All that are in the engine share its cost; by Little's law the mean of these is the cost over the requests.
        let mut inside: Quantity<Requests> = self.account.series(kinds::RUNNING).now();
        if self.has(Signal::Waiting) {
            inside = inside.plus(self.account.series(kinds::WAITING).now(), Join::Same);
        }
        let share: Quantity<Per<Per<Money, Seconds>, Requests>> =
            self.account.series(kinds::COST).now().per_second().per(inside.positive(), Join::Same);
        for quantile in QUANTILES {
            let what = What::LatencyQuantile(Latency::E2e, quantile);
            let time: Quantity<Seconds> = Quantity::of(recorded(self.model, self.names, what));
            let per = share.clone().during(time, Join::Same);
            out.push(self.account.record(kinds::per_request(quantile), per));
        }
    }

    /// A replica works while a request runs on it. Utilisation says less: GPUs that wait for each other are at 100 %.
    fn idle(&self) -> Option<Record> {
        let source = self.model.source(Signal::Running)?;
        let running = self.model.selector(source, &source.series).expr().sum_by([self.model.replica_label()]);
        let working = call("clamp_max", [running, number(1.0)]);
        let busy: Quantity<Share> = Quantity::of(aggregate(AggregateOp::Avg, Grouping::All, working));
        let cost = || self.account.series(kinds::COST).now();
        // Replicas that are paid for and say nothing do not work.
        let idle = cost().part(busy.rest(), Join::On(&[])).or(cost(), Join::On(&[]));
        Some(self.account.record(kinds::IDLE, idle))
    }
}
