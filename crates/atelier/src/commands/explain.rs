//! `explain`: pictures of how a trained network reached its prediction for one image.

use report::terminal::escaped;

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::ExplainPlan;

pub fn run(plan: &ExplainPlan, output: Output) -> Result<(), CommandError> {
    let device = &plan.model.computer.device;
    let explanation =
        nets::explain::explain(&plan.model.trained, &plan.image, &plan.folder, device)?;
    output.show(&explanation, || {
        let mut text = format!(
            "{}: {} ({:.2} %)",
            escaped(&explanation.image),
            escaped(&explanation.class),
            100.0 * explanation.score
        );
        for picture in &explanation.files {
            text += &format!("\n{}  {}", escaped(&picture.path), picture.shows);
        }
        text
    })
}
