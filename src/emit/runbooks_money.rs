//! What the runbooks of budgets of money ask, and whose budget a rule watches. The words stand in `templates/runbooks/_cost.md`.

use super::runbooks::{Question, name};
use crate::signals::{Alert, Chapter, Measure, Subject, What};

/// Returns whose budget a rule watches: a namespace has no chapter of its own.
pub fn whose<'a>(chapter: &'a Chapter, alert: &'a Alert) -> &'a str {
    let namespace = alert.proof.told_apart.get("namespace").filter(|_| chapter.subject == Subject::Fleet);
    namespace.map_or(name(&chapter.subject), String::as_str)
}

/// Returns the questions about spend, of models, pools and all models together.
pub fn questions() -> Vec<Question> {
    let (model, pool, fleet) = (Measure::model, Measure::pool, Measure::fleet);
    vec![
        (
            model(What::CostPerHour),
            "What does it cost now?",
            "Above the usual: replicas were added, or GPUs got dearer.",
        ),
        (fleet(What::CostPerHour), "What do all models cost now?", "A step: something was scaled up at that time."),
        (pool(What::CostPerHour), "What do the GPUs of the pool cost now?", "A step: nodes were added."),
        (model(What::Gpus), "How many GPUs does it hold?", "More than last week: compare with its traffic."),
        (model(What::Requests), "Is there traffic for it?", "Far less than its replicas can serve: scale down."),
        (pool(What::UnheldCostPerHour), "What cost GPUs that nobody holds?", "Above zero for hours: nodes can go."),
        (model(What::IdleCostPerHour), "What do idle replicas cost?", "Near the whole cost: scale down."),
        (fleet(What::IdleCostPerHour), "What do all idle replicas cost?", "The first place to save."),
        (model(What::SpendForecast), "What will the month have cost?", "At the pace of the last 24 hours."),
        (fleet(What::SpendForecast), "What will all models have cost?", "At the pace of the last 24 hours."),
    ]
}
