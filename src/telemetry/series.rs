//! Which series there are: those of what somebody holds.
//!
//! Series outlive what they are of: the route, issuer, upstream or listener that a reload removes. Whoever counts for one
//! of these holds its name here, the answers that are still under way too, and when the last has let go of it, the next
//! scrape is the last that shows its series. What must stay true: a series is never taken out while somebody holds its
//! name, because it would go on counting where nobody sees it; so a name is held before its series are looked up.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};

use super::label::NONE;

/// A metric whose series is there for as long as this is, or a clone of it.
#[derive(Debug, Clone)]
pub struct Held<M> {
    metric: M,
    _name: Option<Arc<str>>,
}

impl<M> Held<M> {
    pub(super) fn new(metric: M, name: Arc<str>) -> Self {
        Self { metric, _name: Some(name) }
    }
}

impl<M> From<M> for Held<M> {
    /// Of a metric that is no series of others.
    fn from(metric: M) -> Self {
        Self { metric, _name: None }
    }
}

impl<M> Deref for Held<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.metric
    }
}

/// The names that are held: each by its label, once for each holder.
#[derive(Debug, Default)]
pub(super) struct Holders(Mutex<Vec<(&'static str, Weak<str>)>>);

impl Holders {
    /// Holds a name, which is a value of this label, until what is handed back is dropped.
    pub(super) fn hold(&self, label: &'static str, name: &str) -> Arc<str> {
        let name: Arc<str> = name.into();
        let mut holders = self.lock();
        if holders.len() == holders.capacity() {
            holders.retain(|(_, name)| name.strong_count() > 0);
            let room = holders.len().max(16);
            holders.reserve(room);
        }
        holders.push((label, Arc::downgrade(&name)));
        name
    }

    /// Takes out the series of what nobody holds. Nobody comes to hold a name meanwhile.
    pub(super) fn keep_held(&self, all: &[&dyn Series]) {
        let mut holders = self.lock();
        holders.retain(|(_, name)| name.strong_count() > 0);
        let mut held: HashMap<&str, HashSet<Arc<str>>> = LABELS.map(|label| (label, HashSet::new())).into();
        for (label, name) in &*holders {
            if let (Some(names), Some(name)) = (held.get_mut(label), name.upgrade()) {
                names.insert(name);
            }
        }
        let is_held = |label: &str, value: &str| {
            value == NONE || held.get(label).is_none_or(|names| names.contains(value))
        };
        for series in all {
            series.keep(&is_held);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(&'static str, Weak<str>)>> {
        // Between two steps of any of the above it is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The labels whose values are names of the configuration; those of others are of a fixed list.
const LABELS: [&str; 4] = [ROUTE, ISSUER, UPSTREAM, LISTENER];
pub(super) const ROUTE: &str = "route";
pub(super) const ISSUER: &str = "issuer";
pub(super) const UPSTREAM: &str = "upstream";
pub(super) const LISTENER: &str = "listener";

/// A metric with labels.
pub(super) trait Series {
    /// Takes out the series with a label and value of which this is not so.
    fn keep(&self, is_held: &dyn Fn(&str, &str) -> bool);
}

impl<T: MetricVecBuilder> Series for MetricVec<T> {
    fn keep(&self, is_held: &dyn Fn(&str, &str) -> bool) {
        for family in self.collect() {
            for metric in family.get_metric() {
                let labels = || metric.get_label().iter().map(|label| (label.name(), label.value()));
                if !labels().all(|(label, value)| is_held(label, value)) {
                    // It was there a moment ago, and nobody else takes any out.
                    drop(self.remove(&labels().collect::<HashMap<_, _>>()));
                }
            }
        }
    }
}
