//! Speed-up over the number of cores.

use super::line::{Line, Variant};
use serde::Serialize;

/// How a row's speed-up grows with cores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Curve {
    pub(crate) workload: String,
    pub(crate) variant: Variant,
    /// In the order of cores; a measured point before a simulated one.
    pub(crate) points: Vec<Point>,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Point {
    pub(crate) cores: usize,
    /// Against plain revm on one core.
    pub(crate) speedup: f64,
    /// Not measured but computed from a trace.
    pub(crate) simulated: bool,
}

/// The measured points of all lines that have times, one curve for each row.
pub(crate) fn measured(lines: &[Line]) -> Vec<Curve> {
    let mut curves = Vec::new();
    for line in lines {
        if let Some(figures) = line.figures {
            let point = Point {
                cores: line.workers,
                speedup: figures.speedup,
                simulated: false,
            };
            add(&mut curves, line.workload, line.variant, [point]);
        }
    }
    curves
}

/// Adds points to the curve of a row, which is made if there is none.
pub(crate) fn add(
    curves: &mut Vec<Curve>,
    workload: &str,
    variant: Variant,
    points: impl IntoIterator<Item = Point>,
) {
    let is_wanted = |curve: &Curve| curve.workload == workload && curve.variant == variant;
    let place = curves.iter().position(is_wanted).unwrap_or_else(|| {
        curves.push(Curve {
            workload: workload.to_owned(),
            variant,
            points: Vec::new(),
        });
        curves.len() - 1
    });
    let curve = &mut curves[place];
    curve.points.extend(points);
    curve
        .points
        .sort_by_key(|point| (point.cores, point.simulated));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_in_order() {
        let point = |cores, simulated| Point {
            cores,
            speedup: 1.0,
            simulated,
        };
        let mut curves = Vec::new();
        let points = [point(8, true), point(2, true)];
        add(&mut curves, "swaps", Variant::Replay, points);
        add(&mut curves, "swaps", Variant::Replay, [point(2, false)]);
        add(&mut curves, "chain", Variant::Replay, [point(1, false)]);
        let names: Vec<_> = curves.iter().map(|curve| &curve.workload).collect();
        assert_eq!(names, ["swaps", "chain"]);
        let expected = [point(2, false), point(2, true), point(8, true)];
        assert_eq!(curves[0].points, expected);
    }
}
