//! A layer as the summary names it: `conv 32, 3x3, padding 1`.

use super::{Block, Gate, Groups, Layer};
use std::fmt;

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::Conv {
                channels,
                kernel,
                stride,
                padding,
                dilation,
                groups,
                bias,
            } => {
                write!(formatter, "{name} {channels}, {}x{}", kernel[0], kernel[1])?;
                side_option(formatter, "stride", *stride, [1, 1])?;
                side_option(formatter, "padding", *padding, [0, 0])?;
                side_option(formatter, "dilation", *dilation, [1, 1])?;
                match groups {
                    Groups::Number(1) => Ok(()),
                    Groups::Number(number) => write!(formatter, ", groups {number}"),
                    Groups::Depthwise => formatter.write_str(", depthwise"),
                }?;
                formatter.write_str(if *bias { "" } else { ", no bias" })
            }
            Self::MaxPool(pool) | Self::AvgPool(pool) => {
                write!(formatter, "{name} {}x{}", pool.size[0], pool.size[1])?;
                side_option(formatter, "stride", pool.stride, pool.size)?;
                side_option(formatter, "padding", pool.padding, [0, 0])
            }
            Self::LeakyRelu { slope } => write!(formatter, "{name} {slope}"),
            Self::Dropout { rate } => write!(formatter, "{name} {rate}"),
            Self::Linear { features, bias } => {
                write!(formatter, "{name} {features}")?;
                formatter.write_str(if *bias { "" } else { ", no bias" })
            }
            Self::AdaptiveAvgPool { size } => write!(formatter, "{name} {}x{}", size[0], size[1]),
            Self::SqueezeExcitation { features, gate } => {
                write!(formatter, "{name} {features}")?;
                formatter.write_str(match gate {
                    Gate::Sigmoid => "",
                    Gate::HardSigmoid => ", hard-sigmoid",
                })
            }
            Self::Residual { layers, shortcut } => {
                let plural = if layers.len() == 1 { "" } else { "s" };
                write!(formatter, "{name} of {} layer{plural}", layers.len())?;
                match shortcut.len() {
                    0 => Ok(()),
                    count => write!(formatter, ", shortcut of {count}"),
                }
            }
            Self::Stage(stage) => {
                let block = match stage.block {
                    Block::Basic => "basic",
                    Block::Bottleneck => "bottleneck",
                };
                write!(
                    formatter,
                    "{name} {}, {block} {}",
                    stage.blocks, stage.channels
                )?;
                let usual = stage.block.usual_width(stage.channels);
                option(formatter, "width", stage.width, usual)?;
                option(formatter, "groups", stage.groups, 1)?;
                option(formatter, "stride", stage.stride, 1)
            }
            Self::Inverted(inverted) => {
                let kernel = inverted.kernel;
                write!(
                    formatter,
                    "{name} {}, {kernel}x{kernel}, expand {}",
                    inverted.channels, inverted.expand
                )?;
                option(formatter, "stride", inverted.stride, 1)?;
                match inverted.squeeze {
                    None => Ok(()),
                    Some(features) => write!(formatter, ", squeeze {features}"),
                }
            }
            _ => formatter.write_str(name),
        }
    }
}

fn side_option(
    formatter: &mut fmt::Formatter<'_>,
    name: &str,
    value: [usize; 2],
    usual: [usize; 2],
) -> fmt::Result {
    match value {
        _ if value == usual => Ok(()),
        [rows, columns] if rows == columns => write!(formatter, ", {name} {rows}"),
        [rows, columns] => write!(formatter, ", {name} {rows}x{columns}"),
    }
}

fn option(
    formatter: &mut fmt::Formatter<'_>,
    name: &str,
    value: usize,
    usual: usize,
) -> fmt::Result {
    if value == usual {
        return Ok(());
    }
    write!(formatter, ", {name} {value}")
}
