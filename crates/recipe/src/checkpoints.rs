//! The table `training.checkpoints`: when the state of a training is saved, and which states are kept.

use super::options::{at_least_1, given, options, positive};

options! {
    /// Checkpoints. One is always written where training ends or is stopped.
    #[derive(Copy)]
    pub struct Checkpoints {
        /// Seconds between two checkpoints: what is lost at most when the program is killed; "none": at the end of
        /// each epoch only. On a slow disk the pause is longer, so that writing takes at most 1 % of the time.
        #[serde(with = "super::value::optional")]
        every_seconds: Option<f64> = Some(30.0), given(positive);
        /// Steps between two checkpoints, however long writing takes.
        #[serde(with = "super::value::optional")]
        every_steps: Option<usize> = None, given(at_least_1);
        /// How many of the newest are kept: by default the newest, and the one before in case it is damaged.
        keep: usize = 2, at_least_1;
        /// Also keep the weights of the best epoch, if images are held out for validation.
        best: bool = true;
    }
}
