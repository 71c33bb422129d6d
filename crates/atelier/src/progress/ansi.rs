//! Frames as bytes for the terminal: few sequences, which every terminal of today knows.

use std::fmt::Write as _;
use std::io;

use ratatui_core::backend::{Backend, ClearType, WindowSize};
use ratatui_core::buffer::Cell;
use ratatui_core::layout::{Position, Size};
use ratatui_core::style::{Color, Modifier};
use ratatui_core::text::Span;

use super::tty;

/// Collects a frame and writes it as one piece.
#[derive(Debug)]
pub struct Ansi {
    frame: String,
    colours: bool,
    write: fn(&str) -> io::Result<()>,
}

impl Ansi {
    /// With colours, or without (no-color.org); frames go to `write`.
    pub fn new(colours: bool, write: fn(&str) -> io::Result<()>) -> Self {
        Self {
            frame: String::new(),
            colours,
            write,
        }
    }

    fn add(&mut self, sequence: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.frame.write_fmt(sequence).map_err(io::Error::other)
    }

    /// Selects how the cells that follow look.
    fn look(&mut self, colour: Color, modifier: Modifier) -> io::Result<()> {
        self.frame.push_str("\x1b[0");
        for (wanted, code) in [(Modifier::BOLD, 1), (Modifier::DIM, 2)] {
            if modifier.contains(wanted) {
                self.add(format_args!(";{code}"))?;
            }
        }
        // The dashboard uses these two.
        let code = match colour {
            Color::Yellow => Some(33),
            Color::Cyan => Some(36),
            _ => None,
        };
        if let Some(code) = code.filter(|_| self.colours) {
            self.add(format_args!(";{code}"))?;
        }
        self.frame.push('m');
        Ok(())
    }
}

impl Backend for Ansi {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut cursor = None;
        let mut look = None;
        for (x, y, cell) in content {
            if cursor != Some((x, y)) {
                self.set_cursor_position(Position { x, y })?;
            }
            if look != Some((cell.fg, cell.modifier)) {
                self.look(cell.fg, cell.modifier)?;
                look = Some((cell.fg, cell.modifier));
            }
            self.frame.push_str(cell.symbol());
            cursor = Some((x + Span::raw(cell.symbol()).width() as u16, y));
        }
        self.look(Color::Reset, Modifier::empty())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.add(format_args!("\x1b[?25l"))
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.add(format_args!("\x1b[?25h"))
    }

    /// The terminal is not asked, because not all answer; a hidden cursor may be anywhere.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.add(format_args!("\x1b[{};{}H", y + 1, x + 1))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.add(format_args!("\x1b[0m\x1b[2J"))
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        tty::size().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = (self.write)(&self.frame);
        self.frame.clear();
        written
    }
}

#[cfg(test)]
mod tests;
