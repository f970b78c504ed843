//! The gateway's metrics as numbers.

/// What `/metrics` said at one moment.
#[derive(Debug, Clone)]
pub struct Metrics {
    text: String,
    samples: Vec<Sample>,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

impl Metrics {
    /// Parses the text format; a line it cannot read fails the test.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { text: text.to_owned(), samples: lines.map(sample).collect() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of series, whatever their values.
    pub fn series(&self) -> Vec<String> {
        self.samples.iter().map(|sample| format!("{}{:?}", sample.name, sample.labels)).collect()
    }

    /// The sum of all samples of this name that have all of these labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether there is a sample of this name with these labels.
    pub fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.of(name, labels).next().is_some()
    }

    /// The label names of the samples of this name.
    pub fn labels(&self, name: &str) -> Vec<String> {
        let first = self.of(name, &[]).next();
        first.map(|sample| sample.labels.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default()
    }

    /// The type that the text declares.
    pub fn kind(&self, name: &str) -> Option<&str> {
        let declared = self.text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        declared
            .filter_map(|line| line.split_once(' '))
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| kind)
    }

    /// `jwtgate_decisions_total` by route, issuer and reason, sorted, without what is still 0.
    pub fn decisions(&self) -> Vec<(String, String, String, f64)> {
        let label = |sample: &Sample, name: &str| {
            let found = sample.labels.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let mut all: Vec<_> = self
            .of("jwtgate_decisions_total", &[])
            .filter(|sample| sample.value > 0.0)
            .map(|one| (label(one, "route"), label(one, "issuer"), label(one, "reason"), one.value))
            .collect();
        all.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        all
    }

    fn of<'a>(&'a self, name: &'a str, labels: &'a [(&str, &str)]) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            let has = |(name, value): &(&str, &str)| {
                sample.labels.iter().any(|(known, found)| known == name && found == value)
            };
            sample.name == name && labels.iter().all(has)
        })
    }
}

fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("labels never end: {line}"));
    let pairs = labels.split_terminator("\",").map(|pair| {
        let (name, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("not a label: {line}"));
        (name.trim_start_matches(',').to_owned(), value.trim_end_matches('"').to_owned())
    });
    Sample { name: name.to_owned(), labels: pairs.collect(), value }
}
