//! Whose money it is, and in which unit each of its series is recorded.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::quantity::{Join, Quantity, Series};
use crate::names::Names;
use crate::promql::selector;
use crate::resolve::{Gateway, Model, Pool};
use crate::signals::{Level, Measure, Record, What};
use crate::source::Place;
use crate::units::Duration;
use crate::units::money_units::{Million, Money, Per, Requests, Seconds, Tokens};

/// A quantity that is recorded in the unit `U`.
#[derive(Clone, Copy, Debug)]
pub struct Kind<U> {
    /// The quantity.
    pub what: What,
    unit: PhantomData<U>,
}

impl<U> Kind<U> {
    /// Says in which unit a quantity is recorded.
    pub const fn of(what: What) -> Self {
        Self { what, unit: PhantomData }
    }
}

/// The recorded quantities and their units: what is written and read goes through these.
pub mod kinds {
    use super::Kind;
    use crate::signals::{Quantile, What};
    use crate::units::Duration;
    use crate::units::money_units::{Gpus, Hours, Million, Money, Per, PerGpuHour, Requests, Seconds, Share, Tokens};

    /// GPUs.
    pub const GPUS: Kind<Gpus> = Kind::of(What::Gpus);
    /// Requests in the running batch.
    pub const RUNNING: Kind<Requests> = Kind::of(What::Running);
    /// Waiting requests.
    pub const WAITING: Kind<Requests> = Kind::of(What::Waiting);
    /// Prompt tokens.
    pub const PROMPT_TOKENS: Kind<Per<Tokens, Seconds>> = Kind::of(What::PromptTokens);
    /// Generated tokens.
    pub const GENERATION_TOKENS: Kind<Per<Tokens, Seconds>> = Kind::of(What::GenerationTokens);
    /// Both.
    pub const TOKENS: Kind<Per<Tokens, Seconds>> = Kind::of(What::Tokens);
    /// Finished requests.
    pub const REQUESTS: Kind<Per<Requests, Seconds>> = Kind::of(What::Requests);
    /// Price of a GPU.
    pub const PRICE: Kind<PerGpuHour> = Kind::of(What::CostPerGpuHour);
    /// Cost.
    pub const COST: Kind<Per<Money, Hours>> = Kind::of(What::CostPerHour);
    /// Cost of what is held and does not work.
    pub const IDLE: Kind<Per<Money, Hours>> = Kind::of(What::IdleCostPerHour);
    /// Cost of what nobody holds.
    pub const UNHELD: Kind<Per<Money, Hours>> = Kind::of(What::UnheldCostPerHour);
    /// Cost of tokens.
    pub const PER_TOKENS: Kind<Per<Money, Million<Tokens>>> = Kind::of(What::CostPerMillionTokens);
    /// Cost of generated tokens that bear everything.
    pub const PER_GENERATION_TOKENS: Kind<Per<Money, Million<Tokens>>> = Kind::of(What::CostPerMillionGenerationTokens);
    /// Cost of prompt tokens.
    pub const PER_INPUT_TOKENS: Kind<Per<Money, Million<Tokens>>> = Kind::of(What::CostPerMillionInputTokens);
    /// Cost of generated tokens.
    pub const PER_OUTPUT_TOKENS: Kind<Per<Money, Million<Tokens>>> = Kind::of(What::CostPerMillionOutputTokens);
    /// Cost of a request.
    pub const PER_REQUEST: Kind<Per<Money, Requests>> = Kind::of(What::CostPerRequest);
    /// Spend of the last hour.
    pub const SPEND_HOUR: Kind<Money> = Kind::of(What::SpendPerHour);
    /// Spend of whole hours.
    pub const SPEND_OF_HOUR: Kind<Money> = Kind::of(What::SpendOfHour);
    /// Spend of the last day.
    pub const SPEND_DAY: Kind<Money> = Kind::of(What::SpendPerDay);
    /// Spend of the month.
    pub const SPEND_MONTH: Kind<Money> = Kind::of(What::SpendOfMonth);
    /// Spend of the month at its end.
    pub const FORECAST: Kind<Money> = Kind::of(What::SpendForecast);
    /// Budget.
    pub const BUDGET: Kind<Money> = Kind::of(What::Budget);
    /// Share of the budget that is spent.
    pub const BUDGET_SPENT: Kind<Share> = Kind::of(What::BudgetSpent);

    /// Spend of some whole hours.
    pub fn spend_over(window: Duration) -> Kind<Money> {
        Kind::of(What::SpendOver(window))
    }

    /// Cost of a request of a quantile.
    pub fn per_request(quantile: Quantile) -> Kind<Per<Money, Requests>> {
        Kind::of(What::CostPerRequestQuantile(quantile))
    }
}

/// A model, a tenant of it, a pool, a namespace or the fleet: the labels of its series and their level.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    level: Level,
    labels: Arc<BTreeMap<String, String>>,
    origin: Place,
    names: &'a Names,
}

impl<'a> Account<'a> {
    /// Makes the account of a model.
    pub fn model(model: &Model, names: &'a Names) -> Self {
        Self { level: Level::Model, labels: model.labels.clone(), origin: model.place, names }
    }

    /// Makes the account of the tenants of a model that a gateway tells apart.
    pub fn tenants(gateway: &Gateway, model: &Model, names: &'a Names) -> Self {
        Self { level: Level::Tenant, labels: gateway.labels_of(&model.labels), origin: gateway.place, names }
    }

    /// Makes the account of all tenants of a model, whichever gateway tells them apart.
    pub fn all_tenants(model: &Model, names: &'a Names) -> Self {
        Self { level: Level::Tenant, ..Self::model(model, names) }
    }

    /// Makes the account of a pool.
    pub fn pool(pool: &Pool, names: &'a Names) -> Self {
        Self { origin: pool.place, ..Self::pool_named(&pool.name, names) }
    }

    /// Makes the account of a pool by name.
    pub fn pool_named(pool: &str, names: &'a Names) -> Self {
        let labels = Arc::new(BTreeMap::from([("pool".to_owned(), pool.to_owned())]));
        Self { level: Level::Pool, labels, origin: Place::default(), names }
    }

    /// Makes the account of the models of a namespace.
    pub fn namespace(namespace: &str, names: &'a Names) -> Self {
        let labels = Arc::new(BTreeMap::from([("namespace".to_owned(), namespace.to_owned())]));
        Self { level: Level::Namespace, labels, origin: Place::default(), names }
    }

    /// Makes the account of all models.
    pub fn fleet(names: &'a Names) -> Self {
        Self { level: Level::Fleet, labels: Arc::default(), origin: Place::default(), names }
    }

    /// Returns a recorded series of the account.
    pub fn series<U>(&self, kind: Kind<U>) -> Series<U> {
        Series::of(self.labels.iter().fold(selector(self.name(kind.what)), |s, (k, v)| s.eq(k, v)))
    }

    /// Makes a record of the account.
    pub fn record<U>(&self, kind: Kind<U>, quantity: Quantity<U>) -> Record {
        let measure = Measure { level: self.level, what: kind.what };
        let (name, labels) = (self.name(kind.what), self.labels.clone());
        Record { measure, name, labels, expr: quantity.expr(), origin: self.origin }
    }

    /// Makes a record with one label more.
    pub fn record_with<U>(&self, kind: Kind<U>, quantity: Quantity<U>, label: &str, value: &str) -> Record {
        let mut record = self.record(kind, quantity);
        Arc::make_mut(&mut record.labels).insert(label.to_owned(), value.to_owned());
        record
    }

    /// What a million tokens cost in the last hour: money/hour over tokens/hour, times a million. Without tokens there is no quotient.
    pub fn per_million(&self, tokens: Quantity<Per<Tokens, Seconds>>) -> Quantity<Per<Money, Million<Tokens>>> {
        self.series(kinds::COST).mean(Duration::HOUR).over(tokens.per_hour().positive(), Join::Same).per_million()
    }

    /// What a request cost in the last hour. Without requests there is no quotient.
    pub fn per_request(&self) -> Quantity<Per<Money, Requests>> {
        let requests = self.series(kinds::REQUESTS).mean(Duration::HOUR).per_hour().positive();
        self.series(kinds::COST).mean(Duration::HOUR).over(requests, Join::Same)
    }

    /// Returns what it is the account of.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns the labels of its series.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    fn name(&self, what: What) -> String {
        self.names.record(Measure { level: self.level, what })
    }
}
