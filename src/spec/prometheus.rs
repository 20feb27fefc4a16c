//! `[prometheus]`.

use crate::declare::Named;
use crate::declare::values::{KubeLabelValue, LabelKey, RulePrefix, VersionText};
use crate::units::Duration;
use crate::{spec_table, spec_words};

spec_words! {
    /// How Prometheus is told what to scrape and evaluate.
    Flavour, "`operator` or `plain`" {
        /// PrometheusRule, ServiceMonitor and PodMonitor objects.
        Operator = "operator",
        /// Rule files and a scrape configuration.
        Plain = "plain",
    }
}

spec_table! {
    /// Which Prometheus evaluates the rules, and how it is told.
    Prometheus {
        /// `operator`: PrometheusRule, ServiceMonitor and PodMonitor objects. `plain`: rule files and scrape configuration.
        optional flavour: Flavour = "`operator`",
        /// Version of Prometheus. It decides how bucket bounds are spelled (`1` before 3.0, `1.0` from 3.0).
        optional version: VersionText = "`3.5.0`",
        /// Scrape interval of models and GPUs. Rate windows are at least four of it.
        optional scrape_interval: Duration = "`30s`",
        /// Interval of rule evaluation.
        optional evaluation_interval: Duration = "`30s`",
        /// Window of the recorded rates.
        optional rate_window: Duration = "`5m`, or four scrape intervals where that is longer",
        /// First part of recorded names.
        optional rule_prefix: RulePrefix = "`ai`",
        /// Labels of PrometheusRule objects, as the `ruleSelector` of your Prometheus wants them, for example `release`.
        optional rule_labels: Named<LabelKey, KubeLabelValue>,
        /// Labels of ServiceMonitor and PodMonitor objects, as the `serviceMonitorSelector` wants them, for example `release`.
        optional monitor_labels: Named<LabelKey, KubeLabelValue>,
    }
}
