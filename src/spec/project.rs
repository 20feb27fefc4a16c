//! `[project]`.

use crate::declare::values::{Slug, Text, Url};
use crate::spec_table;

spec_table! {
    /// What the file describes and who owns it.
    Project {
        /// Name of the project; part of object names, dashboard uids and the dashboard titles.
        required name: Slug,
        /// Team that owns the alerts; the label `owner` of every alert.
        optional owner: Text = "the name of the project",
        /// Environment; the label `environment` of every alert.
        optional environment: Slug,
        /// Where the generated folder `runbooks` is published. Alerts link to `<base>/<Alert>.md`.
        optional runbook_base_url: Url = "alerts name the file in the output folder",
    }
}
