//! What makes the program at home in a shell: completions and manual pages.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;

#[derive(Args, Debug)]
#[command(
    after_help = "Where each shell looks for it:\n  bash        atelier completions bash > ~/.local/share/bash-completion/completions/atelier\n  zsh         atelier completions zsh > DIR/_atelier    (DIR: a folder in $fpath)\n  fish        atelier completions fish > ~/.config/fish/completions/atelier.fish\n  PowerShell  atelier completions powershell >> $PROFILE"
)]
pub struct Completions {
    /// The shell to print it for
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

#[derive(Args, Debug)]
#[command(
    after_help = "For `man atelier` and `man atelier-train`:\n  atelier man ~/.local/share/man/man1"
)]
pub struct Man {
    /// Folder to write them to, created if missing; pages of an earlier version are replaced
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}
