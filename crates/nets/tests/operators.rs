//! The detector's operators against torchvision's and detectron2's, from the files in `golden/detection`.

mod detection_golden;
