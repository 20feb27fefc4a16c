//! What tenants cost: the cost of a model, parted by the tokens that gateways count for each of its tenants.
//!
//! The parts of all tenants make the whole cost, idle times included: whoever uses a model bears what it costs.

use super::account::{Account, kinds};
use super::model::is_priced;
use super::quantity::{Join, Quantity};
use crate::catalog::Signal;
use crate::names::Names;
use crate::resolve::{Gateway, Model, Plan};
use crate::signals::Record;
use crate::units::Duration;
use crate::units::money_units::Tokens;

/// Makes the cost of each tenant of a model over the last hour; none where no gateway tells tenants apart or nothing has a price.
pub fn records(model: &Model, plan: &Plan, names: &Names) -> Vec<Record> {
    let Some(costs) = plan.costs.as_ref().filter(|_| is_priced(model, plan)) else { return Vec::new() };
    let tells = |g: &&Gateway| {
        let counts = |signal| g.source(signal).is_some();
        g.tenant_label.is_some() && counts(Signal::PromptTokens) && counts(Signal::GenerationTokens)
    };
    let step = plan.prometheus.evaluation_interval;
    // An output token counts as `output_weight` input tokens, as in the price of both.
    let tokens = |account: &Account<'_>| -> Quantity<Tokens> {
        let prompt = account.series(kinds::PROMPT_TOKENS).total_of_seconds(Duration::HOUR, step);
        let generation = account.series(kinds::GENERATION_TOKENS).total_of_seconds(Duration::HOUR, step);
        prompt.plus(generation.scaled(costs.output_weight), Join::Same)
    };
    let cost = Account::model(model, names).series(kinds::COST);
    let all = tokens(&Account::all_tenants(model, names)).sum().positive();
    let of = |gateway: &Gateway| {
        let account = Account::tenants(gateway, model, names);
        let share = tokens(&account).share_of(all.clone(), Join::ManyOn(&[]));
        account.record(kinds::COST, share.of_whole(cost.mean(Duration::HOUR), Join::ManyOn(&[])))
    };
    plan.gateways_of(&model.name).filter(tells).map(of).collect()
}
