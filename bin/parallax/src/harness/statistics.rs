//! Order statistics of times, means of ratios.

use std::time::Duration;

/// Times in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times(Vec<Duration>);

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Times {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one; zero if there are none.
    pub(crate) fn median(&self) -> Duration {
        self.quantile(0.5)
    }

    /// Interquartile range as a fraction of the median: half of the times lie
    /// in a band this wide.
    pub(crate) fn spread(&self) -> f64 {
        let median = self.median();
        if median.is_zero() {
            return 0.0;
        }
        let range = self.quantile(0.75) - self.quantile(0.25);
        range.as_secs_f64() / median.as_secs_f64()
    }

    /// Between two neighbours in proportion. `fraction` is from 0 to 1.
    pub(crate) fn quantile(&self, fraction: f64) -> Duration {
        let Some(last) = self.0.len().checked_sub(1) else {
            return Duration::ZERO;
        };
        let place = fraction * last as f64;
        let below = self.0[place.floor() as usize];
        let above = self.0[place.ceil() as usize];
        below + (above - below).mul_f64(place.fract())
    }
}

/// Geometric mean of positive numbers, if there are any.
pub(crate) fn geometric_mean(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers
        .into_iter()
        .fold((0.0, 0_usize), |(sum, count), number| {
            (sum + number.ln(), count + 1)
        });
    (count > 0).then(|| (sum / count as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: &[u64]) -> Times {
        seconds.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn medians() {
        assert_eq!(times(&[]).median(), Duration::ZERO);
        assert_eq!(times(&[3, 1, 2]).median(), Duration::from_secs(2));
        assert_eq!(times(&[4, 1, 2, 3]).median(), Duration::from_millis(2500));
    }

    #[test]
    fn spreads() {
        assert_eq!(times(&[]).spread(), 0.0);
        assert_eq!(times(&[7]).spread(), 0.0);
        assert_eq!(times(&[10, 8, 9, 11, 12]).spread(), 0.2);
    }

    #[test]
    fn geometric_means() {
        assert_eq!(geometric_mean([]), None);
        assert_eq!(geometric_mean([4.0, 1.0]), Some(2.0));
    }
}
