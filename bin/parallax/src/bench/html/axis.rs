//! Logarithmic axes, and plots of one line of text for each row: they flow with the
//! page, so that a phone shows letters of the same size.

use super::text::escape;
use std::fmt::Write;

/// An axis on which equal ratios have equal lengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    base: f64,
    /// Exponents of the base, in halves.
    low: f64,
    high: f64,
}

impl Axis {
    /// The shortest one that ends at powers of `base`, or half-way between two, and
    /// has room for all `values`, of which those that are not positive are ignored.
    pub(super) fn around(base: f64, values: impl IntoIterator<Item = f64>) -> Self {
        let exponents = values
            .into_iter()
            .filter(|value| *value > 0.0)
            .map(|value| value.log(base));
        let (low, high) = exponents.fold((f64::INFINITY, f64::NEG_INFINITY), |range, exponent| {
            (range.0.min(exponent), range.1.max(exponent))
        });
        if low > high {
            return Self {
                base,
                low: 0.0,
                high: 1.0,
            };
        }
        let low = (low * 2.0).floor() / 2.0;
        let high = ((high * 2.0).ceil() / 2.0).max(low + 0.5);
        Self { base, low, high }
    }

    /// Where a value is, in percent of the length.
    pub(super) fn place(&self, value: f64) -> f64 {
        let exponent = value.max(f64::MIN_POSITIVE).log(self.base);
        let place = (exponent - self.low) / (self.high - self.low);
        (place * 100.0).clamp(0.0, 100.0)
    }

    /// The powers of the base on it.
    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        let base = self.base;
        (first..=last).map(move |exponent| base.powi(exponent))
    }
}

/// A line of a plot.
pub(super) struct PlotRow {
    /// Text.
    pub(super) label: String,
    /// Marks on the track; HTML.
    pub(super) marks: String,
    /// What the marks say, for those who do not see them too; HTML.
    pub(super) value: String,
}

/// Rows above each other on one axis.
pub(super) fn plot(axis: &Axis, tick: impl Fn(f64) -> String, rows: &[PlotRow]) -> String {
    let mut grid = Vec::new();
    let mut scale = String::new();
    for value in axis.ticks() {
        let place = axis.place(value);
        grid.push(format!(
            "linear-gradient(var(--line),var(--line)) {place:.2}% 0/1px 100% no-repeat"
        ));
        let _ = write!(
            scale,
            "<span style=\"left:{place:.2}%\">{}</span>",
            escape(&tick(value))
        );
    }
    let mut html = format!(
        "<div class=\"plot\" style=\"--grid:{}\">\n\
         <div class=\"scale\" aria-hidden=\"true\"><div>{scale}</div></div>\n<ol>\n",
        grid.join(",")
    );
    for row in rows {
        let _ = writeln!(
            html,
            "<li><span class=\"label\">{}</span>\
             <span class=\"track\" aria-hidden=\"true\">{}</span>\
             <span class=\"value\">{}</span></li>",
            escape(&row.label),
            row.marks,
            row.value
        );
    }
    html + "</ol>\n</div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_have_lengths() {
        let axis = Axis::around(2.0, [1.0, 0.9, 3.0]);
        let ends = Axis {
            base: 2.0,
            low: -0.5,
            high: 2.0,
        };
        assert_eq!(axis, ends);
        assert_eq!(axis.ticks().collect::<Vec<_>>(), [1.0, 2.0, 4.0]);
        assert_eq!(axis.place(1.0), 20.0);
        assert_eq!(axis.place(4.0), 100.0);
        assert_eq!(axis.place(0.0), 0.0);
        assert_eq!(axis.place(64.0), 100.0);
    }

    #[test]
    fn an_axis_without_values() {
        let axis = Axis::around(10.0, [0.0]);
        assert_eq!(axis.ticks().collect::<Vec<_>>(), [1.0, 10.0]);
    }
}
