//! `[costs]`: prices, budgets and where both are taken from.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use crate::declare::values::Slug;
use crate::declare::{FromToml, Named, Node, Reader};
use crate::units::{Currency, Price};
use crate::{spec_table, spec_words};

spec_words! {
    /// Where the price of a GPU-hour comes from.
    PriceSource, "`rates` or `opencost`" {
        /// `rates` and `energy_price` of this table.
        Rates = "rates",
        /// The price of each node that OpenCost exports.
        OpenCost = "opencost",
    }
}

spec_words! {
    /// How the GPUs that a model holds are counted.
    GpusFrom, "`requests`, `attribution` or `replicas`" {
        /// GPUs that its running pods request, by kube-state-metrics.
        Requests = "requests",
        /// GPUs that the exporter sees its pods on.
        Attribution = "attribution",
        /// Replicas times `gpus_per_replica`.
        Replicas = "replicas",
    }
}

spec_table! {
    /// What GPUs cost.
    Costs {
        /// Currency of every amount in the file.
        optional currency: Currency = "`USD`",
        /// Where the price of a GPU-hour comes from: `rates` of this table, or `opencost`, which reads OpenCost's `node_gpu_hourly_cost`.
        optional source: PriceSource = "`rates`",
        /// Price of one GPU for one hour, by the name of a pool or by GPU model; a pool's own rate wins. One price, or one for each way to buy.
        optional rates: Named<Slug, Rate>,
        /// Price of a kilowatt-hour, for pools that are `owned`.
        optional energy_price: Price,
        /// How the GPUs that a model holds are counted. `requests` needs kube-state-metrics, `attribution` an exporter that names pods.
        optional gpus_from: GpusFrom = "`requests` with `kube_state_metrics`, else `replicas`",
        /// How many input tokens an output token costs as much as: parts the cost of a model between the two.
        optional output_weight: Weight = "`4`",
        /// What all models may spend in a calendar month (UTC).
        optional monthly_budget: Price,
        /// What one model, pool or namespace may spend in a calendar month, by its name.
        optional budgets: Named<Slug, Price>,
    }
}

spec_table! {
    /// Price of a GPU-hour by the way it is bought.
    RateByPurchase {
        /// Bought by the hour.
        optional on_demand: Price,
        /// Bought for a term.
        optional reserved: Price,
        /// Bought for as long as the cloud can spare it.
        optional spot: Price,
    }
}

/// One price, or one for each way to buy.
#[derive(Clone, Debug, PartialEq)]
pub enum Rate {
    /// One price, however the GPU is bought.
    One(Price),
    /// A price for each way.
    ByPurchase(RateByPurchase),
}

impl FromToml for Rate {
    const EXPECTED: &'static str = "a price such as 3.25, or { on_demand = 3.25, reserved = 2.1, spot = 1.4 }";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        match node.value {
            DeValue::Table(_) => RateByPurchase::from_toml(node, reader).map(Self::ByPurchase),
            DeValue::Float(_) | DeValue::Integer(_) | DeValue::String(_) => {
                Price::from_toml(node, reader).map(Self::One)
            }
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                None
            }
        }
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, by) = (generator.subschema_for::<Price>(), generator.subschema_for::<RateByPurchase>());
        json_schema!({ "anyOf": [one, by] })
    }
}

/// A factor above zero, at most 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight(pub f64);

impl FromToml for Weight {
    const EXPECTED: &'static str = "a number above 0, at most 100";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match node.value {
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                return None;
            }
        };
        match text.parse::<f64>() {
            Ok(value) if value > 0.0 && value <= 100.0 => Some(Self(value)),
            _ => {
                reader.invalid(node, "expected a number above 0, at most 100");
                None
            }
        }
    }
}

impl JsonSchema for Weight {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Weight".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": 100 })
    }
}
