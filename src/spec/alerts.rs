//! `[alerts.NAME]`: changes to single alerts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use crate::declare::{FromKey, FromToml, Node, Reader};
use crate::units::{Duration, Ratio};
use crate::{spec_table, spec_words};

spec_words! {
    /// Severity label of an alert.
    AlertSeverity, "`critical`, `warning` or `info`" {
        /// Wakes somebody.
        Critical = "critical",
        /// Is looked at in working hours.
        Warning = "warning",
        /// Is only shown.
        Info = "info",
    }
}

spec_table! {
    /// Changes to one alert.
    AlertSettings {
        /// Whether the alert is generated.
        optional enabled: bool = "`true`",
        /// Threshold, in the unit of the alert: a percentage or ratio, or degrees Celsius. Latency alerts take theirs from the SLO.
        optional threshold: Threshold,
        /// How long the condition must hold.
        optional hold as "for": Duration,
        /// Label `severity`.
        optional severity: AlertSeverity,
    }
}

/// Name of an alert; whether it exists is checked in stage 2, which knows the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlertKey(pub String);

impl FromKey for AlertKey {
    const PATTERN: &'static str = "^[A-Z][A-Za-z0-9]{0,79}$";

    fn from_key(text: &str) -> Result<Self, String> {
        let ok = (1..=80).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_alphanumeric());
        if ok {
            Ok(Self(text.to_owned()))
        } else {
            Err("expected the name of an alert, such as `KVCachePressure`".to_owned())
        }
    }
}

/// A threshold before its unit is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// Written with a percent sign.
    Percent(Ratio),
    /// A bare number.
    Number(f64),
}

impl FromToml for Threshold {
    const EXPECTED: &'static str = "a percentage such as \"90%\", or a number";

    fn from_toml(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match node.value {
            DeValue::String(text) => {
                return Ratio::parse(text).map(Self::Percent).map_err(|expected| reader.invalid(node, &expected)).ok();
            }
            DeValue::Float(x) => x.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                reader.wrong_type(node, Self::EXPECTED);
                return None;
            }
        };
        match number.parse::<f64>() {
            Ok(value) if (0.0..=1e9).contains(&value) => Some(Self::Number(value)),
            _ => {
                reader.invalid(node, "expected a number of zero or more");
                None
            }
        }
    }
}

impl JsonSchema for Threshold {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Threshold".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": "^(100(\\.0+)?|[0-9]{1,2}(\\.[0-9]+)?) ?%$|^(0(\\.[0-9]+)?|1(\\.0+)?)$" },
            { "type": "number", "minimum": 0 },
        ] })
    }
}
