//! When the state of a training is written, and what of it is kept.

use serde::{Deserialize, Serialize};

/// Checkpoints. Where training ends or is stopped one is always written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checkpoints {
    /// Seconds between two, so much a kill loses; default 30; "none": at the ends of epochs only. Longer where the disk is
    /// slow: what is not asked for by `every-steps` takes a hundredth of the time.
    #[serde(with = "super::value::optional")]
    pub every_seconds: Option<f64>,
    /// Steps between two, whatever it costs; default "none".
    #[serde(with = "super::value::optional")]
    pub every_steps: Option<usize>,
    /// How many of the newest are kept; default 2: the newest, and the one before in case it is damaged.
    pub keep: usize,
    /// Keep the weights of the best epoch as well, where images are held out; default true.
    pub best: bool,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self {
            every_seconds: Some(30.0),
            every_steps: None,
            keep: 2,
            best: true,
        }
    }
}
