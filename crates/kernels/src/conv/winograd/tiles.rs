//! Where Winograd's tiles lie on the planes that they are read from and written to.

/// Output pixels along a tile.
pub(crate) const TILE: usize = 4;

/// Where tiles lie: a tile's first output pixel is at four times its row and column, its first input pixel `pad`
/// before that.
#[derive(Clone, Copy)]
pub(crate) struct Tiles {
    /// Size of the planes that tiles are read from.
    pub(crate) source: [usize; 2],
    /// Size of the planes that tiles produce.
    pub(crate) out: [usize; 2],
    pub(crate) pad: [usize; 2],
    /// Tiles along each axis.
    pub(crate) count: [usize; 2],
}

/// One tile: its block, and its row and column among the tiles.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) block: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Tiles {
    pub(crate) fn new(source: [usize; 2], out: [usize; 2], pad: [usize; 2]) -> Tiles {
        Tiles {
            source,
            out,
            pad,
            count: out.map(|len| len.div_ceil(TILE)),
        }
    }

    /// Tiles in a block.
    pub(crate) fn per_block(&self) -> usize {
        self.count[0] * self.count[1]
    }

    #[inline(always)]
    pub(crate) fn place(&self, index: usize) -> Place {
        let within = index % self.per_block();
        Place {
            block: index / self.per_block(),
            row: within / self.count[1],
            column: within % self.count[1],
        }
    }

    /// Output pixels of the tile that exist.
    #[inline(always)]
    pub(crate) fn extent(&self, place: Place) -> [usize; 2] {
        [
            (self.out[0] - place.row * TILE).min(TILE),
            (self.out[1] - place.column * TILE).min(TILE),
        ]
    }
}
