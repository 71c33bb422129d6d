//! COCO evaluation as a user sees it: against pycocotools' answers, an obvious twin, and damaged files.

mod goldens;
mod masks;
mod mistakes;
mod obvious;
mod twin;
