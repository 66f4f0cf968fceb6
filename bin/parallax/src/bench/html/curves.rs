//! Speed-up over cores, one small picture for each row, all on the same axes.

use super::{
    super::{
        curve::{Curve, Point},
        line::title,
        report::Report,
    },
    Section,
    axis::Axis,
    predictions,
    text::{escape, times},
};
use std::fmt::Write;

/// Places in a picture, in pixels.
const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 150.0;
const LEFT: f64 = 36.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 22.0;

/// Lines across a picture; the letters beside more would touch.
const MOST_LINES: usize = 9;

/// Pictures of all rows of which more than one number of cores is known.
pub(super) fn section(report: &Report) -> Option<Section> {
    let curves = report.curves();
    let mut curves: Vec<_> = curves
        .iter()
        .filter(|curve| curve.points.len() > 1)
        .collect();
    // What scales best first: the order says something too.
    let last = |curve: &Curve| curve.points.last().map_or(0.0, |point| point.speedup);
    curves.sort_by(|a, b| last(b).total_cmp(&last(a)));
    if curves.is_empty() {
        return None;
    }
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let cores = Axis::around(2.0, points().map(|point| point.cores as f64));
    let speedups = Axis::around(2.0, points().map(|point| point.speedup).chain([1.0]));
    let mut body = String::from("<div class=\"curves\">\n");
    for curve in &curves {
        let _ = writeln!(
            body,
            "<figure>{}<figcaption>{}</figcaption></figure>",
            picture(curve, &cores, &speedups),
            escape(&title(&curve.workload, curve.variant, None)),
        );
    }
    body.push_str("</div>\n");
    body.push_str(&predictions::part(&report.predictions()));
    Some(Section {
        id: "scaling",
        title: "Scaling over cores",
        lead: lead(points().any(|point| point.simulated)),
        body,
    })
}

fn lead(has_simulated: bool) -> String {
    let mut lead = String::from(
        "Speed-up over plain revm on one core; both axes double at each step. The thin diagonal is \
         one more revm for each core. <i class=\"key dot\"></i> measured on this machine",
    );
    lead.push_str(if has_simulated {
        "; <i class=\"key dot hollow\"></i> on a dashed line: <strong>simulated</strong>, from the \
         recorded dependencies and durations of the same block on one core: an upper limit. \
         Where both have a point, the gap is the error of the simulation."
    } else {
        "."
    });
    lead
}

fn picture(curve: &Curve, cores: &Axis, speedups: &Axis) -> String {
    let x = |value: f64| LEFT + cores.place(value) / 100.0 * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - speedups.place(value) / 100.0 * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{}</title>",
        escape(&description(curve))
    );
    for tick in few_ticks(speedups) {
        let class = if tick == 1.0 { "grid one" } else { "grid" };
        let place = y(tick);
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{LEFT} {place:.1}H{}\"/>\
             <text class=\"y\" x=\"{}\" y=\"{:.1}\">{tick}×</text>",
            WIDTH - RIGHT,
            LEFT - 5.0,
            place + 3.5
        );
    }
    for tick in cores.ticks() {
        let _ = write!(
            svg,
            "<text class=\"x\" x=\"{:.1}\" y=\"{}\">{tick}</text>",
            x(tick),
            HEIGHT - 6.0
        );
    }
    // The diagonal, as far as both axes reach.
    let reach: Vec<_> = cores
        .ticks()
        .zip(speedups.ticks().skip_while(|tick| *tick < 1.0))
        .collect();
    if let (Some((first, from)), Some((last, to))) = (reach.first(), reach.last()) {
        let _ = write!(
            svg,
            "<path class=\"ideal\" d=\"M{:.1} {:.1}L{:.1} {:.1}\"/>",
            x(*first),
            y(*from),
            x(*last),
            y(*to)
        );
    }
    let place = |point: &Point| (x(point.cores as f64), y(point.speedup));
    svg + &lines(curve, place) + "</svg>"
}

/// Every tick of an axis that doubles, or every second and so on, 1 among them.
fn few_ticks(axis: &Axis) -> impl Iterator<Item = f64> {
    let step = axis.ticks().count().div_ceil(MOST_LINES).max(1) as i32;
    axis.ticks()
        .filter(move |tick| tick.log2().round() as i32 % step == 0)
}

/// The measured line and the simulated one. They are not joined: where both have a
/// point, the gap between them is the error of the simulation.
fn lines(curve: &Curve, place: impl Fn(&Point) -> (f64, f64)) -> String {
    let (simulated, measured): (Vec<&Point>, Vec<&Point>) =
        curve.points.iter().partition(|point| point.simulated);
    let mut svg = String::new();
    for (class, points) in [("simulated", simulated), ("measured", measured)] {
        let path: Vec<_> = points
            .into_iter()
            .map(|point| {
                let (x, y) = place(point);
                format!("{x:.1} {y:.1}")
            })
            .collect();
        if path.len() > 1 {
            let _ = write!(svg, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        }
    }
    for point in &curve.points {
        let (x, y) = place(point);
        let class = if point.simulated { "hollow" } else { "full" };
        let _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>"
        );
    }
    svg
}

/// The picture in words.
fn description(curve: &Curve) -> String {
    let points: Vec<_> = curve
        .points
        .iter()
        .map(|point| {
            let how = if point.simulated { " (simulated)" } else { "" };
            let s = if point.cores == 1 { "" } else { "s" };
            format!("{} core{s} {}{how}", point.cores, times(point.speedup))
        })
        .collect();
    let name = title(&curve.workload, curve.variant, None);
    format!("{name}: {}", points.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_axis_has_few_lines() {
        let short = Axis::around(2.0, [0.5, 4.0]);
        assert_eq!(few_ticks(&short).collect::<Vec<_>>(), [0.5, 1.0, 2.0, 4.0]);
        let long = Axis::around(2.0, [0.25, 8192.0]);
        let expected = [0.25, 1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0];
        assert_eq!(few_ticks(&long).collect::<Vec<_>>(), expected);
    }
}
