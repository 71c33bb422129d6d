//! Pieces of ink: which of them belong to a digit, and which are frames, lines across the picture or specks.

/// Share of a side of the picture, or of its own box, that a frame covers at least.
const STRAIGHT: f32 = 0.8;
/// Share of the picture's height or width from which a piece from edge to edge runs across.
const ACROSS: f32 = 0.97;
/// Lines of a frame are thinner than this share of the picture's shorter side.
const RULE: f32 = 0.03;
/// Frames are only left out if there is a piece of at least this share of the picture's longer side.
const SUBSTANTIAL: f32 = 0.08;
/// A piece whose sides are all below this share of the largest's is a speck, if its area is too.
const SPECK: f32 = 0.12;
/// Pieces at the picture's edge are only left out if another piece is stronger than this: a weaker one may be noise.
const VISIBLE: f32 = 0.25;
/// Where ink is this much smaller without what is faint, that is none.
const FIRM: f32 = 0.85;
/// A piece belongs to the digit only if it is somewhere at least this strong.
const STRONG: f32 = 0.5;

/// A connected piece of ink.
#[derive(Clone, Debug)]
struct Piece {
    /// `[x1, y1, x2, y2]`, right and bottom excluded.
    bounds: [usize; 4],
    /// Pixels.
    area: usize,
    strongest: f32,
    /// Its pixels, by index.
    pixels: Vec<u32>,
}

impl Piece {
    fn sides(&self) -> [usize; 2] {
        let [x1, y1, x2, y2] = self.bounds;
        [x2 - x1, y2 - y1]
    }

    fn longer(&self) -> usize {
        let [width, height] = self.sides();
        width.max(height)
    }

    fn touches_edge(&self, [height, width]: [usize; 2]) -> bool {
        let [x1, y1, x2, y2] = self.bounds;
        x1 == 0 || y1 == 0 || x2 == width || y2 == height
    }

    fn is_around(&self, other: &Self) -> bool {
        let ([x1, y1, x2, y2], inner) = (self.bounds, other.bounds);
        x1 < inner[0] && y1 < inner[1] && inner[2] < x2 && inner[3] < y2
    }

    /// The share of each side of a box, left, top, right and bottom, near which there is ink of this piece.
    fn covered(&self, [x1, y1, x2, y2]: [usize; 4], width: usize) -> [f32; 4] {
        // A frame may stand slightly askew.
        let near = [(x2 - x1) / 50, (y2 - y1) / 50];
        let mut rows = [vec![false; y2 - y1], vec![false; y2 - y1]];
        let mut columns = [vec![false; x2 - x1], vec![false; x2 - x1]];
        for &pixel in &self.pixels {
            let (y, x) = (pixel as usize / width, pixel as usize % width);
            rows[0][y - y1] |= x <= x1 + near[0];
            rows[1][y - y1] |= x + 1 + near[0] >= x2;
            columns[0][x - x1] |= y <= y1 + near[1];
            columns[1][x - x1] |= y + 1 + near[1] >= y2;
        }
        let share = |line: &[bool]| {
            line.iter().filter(|inked| **inked).count() as f32 / line.len().max(1) as f32
        };
        [
            share(&rows[0]),
            share(&columns[0]),
            share(&rows[1]),
            share(&columns[1]),
        ]
    }

    /// Along a whole side of the picture, or from edge to edge.
    fn is_at_edge(&self, [height, width]: [usize; 2]) -> bool {
        if !self.touches_edge([height, width]) {
            return false;
        }
        let [across, down] = self.sides();
        let is_across =
            across as f32 >= ACROSS * width as f32 || down as f32 >= ACROSS * height as f32;
        let covered = self.covered([0, 0, width, height], width);
        is_across || covered.iter().any(|&share| share >= STRAIGHT)
    }

    /// A thin line along sides of a box of nearly the picture's size, or a single line as long as the picture.
    fn is_rule(&self, [height, width]: [usize; 2]) -> bool {
        let [x1, y1, x2, y2] = self.bounds;
        let near = (RULE * height.min(width) as f32).max(2.0) as usize;
        let is_long = |side: usize, whole: usize| side as f32 >= STRAIGHT * whole as f32;
        let [across, down] = self.sides();
        let is_wide = is_long(across, width) && (is_long(down, height) || down <= near);
        let is_high = is_long(down, height) && (is_long(across, width) || across <= near);
        (is_wide || is_high)
            && self.pixels.iter().all(|&pixel| {
                let (y, x) = (pixel as usize / width, pixel as usize % width);
                (x - x1).min(x2 - 1 - x) < near || (y - y1).min(y2 - 1 - y) < near
            })
    }

    /// A rectangle's outline.
    fn is_rectangle(&self, width: usize) -> bool {
        let covered = self.covered(self.bounds, width);
        covered.iter().all(|&share| share >= STRAIGHT)
    }
}

/// The pieces that are drawn on purpose.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    kept: Vec<Piece>,
    touches_edge: bool,
    /// A strong piece was left out because it runs along or across the picture: it may have a digit in it.
    left_out: bool,
}

impl Pieces {
    /// The pieces of levels above `threshold`.
    pub fn of(levels: &[f32], size: [usize; 2], threshold: f32) -> Self {
        let [height, width] = size;
        let mut pieces = connected(levels, width, threshold);
        let substantial = SUBSTANTIAL * height.max(width) as f32;
        let is_substantial =
            |piece: &Piece| piece.longer() as f32 >= substantial && piece.area >= 4;
        let at_edge: Vec<bool> = pieces.iter().map(|piece| piece.is_at_edge(size)).collect();
        let inner: Vec<Piece> = pieces
            .iter()
            .zip(&at_edge)
            .filter(|(piece, at_edge)| !**at_edge && is_substantial(piece))
            .map(|(piece, _)| piece.clone())
            .collect();
        let is_frame = |piece: &Piece| {
            is_substantial(piece) && piece.is_rule(size)
                || is_substantial(piece)
                    && inner.iter().any(|inner| piece.is_around(inner))
                    && piece.is_rectangle(width)
        };
        let strong_inner = inner
            .iter()
            .filter(|piece| !is_frame(piece))
            .map(|piece| piece.strongest)
            .fold(0.0, f32::max);
        // If only ripples and the rest of a shadow are left inside, what is at the edge must be the digit.
        let mut left_out = false;
        if strong_inner > VISIBLE {
            let mut all = pieces.iter().zip(&at_edge);
            left_out = all.any(|(piece, at_edge)| {
                *at_edge && piece.strongest >= STRONG && !piece.is_rule(size)
            });
            let mut at_edge = at_edge.iter();
            pieces.retain(|piece| {
                !at_edge.next().is_some_and(|at_edge| *at_edge) && !is_frame(piece)
            });
        }
        let strongest = pieces
            .iter()
            .map(|piece| piece.strongest)
            .fold(0.0, f32::max);
        pieces.retain(|piece| piece.strongest >= STRONG * strongest);
        let largest = pieces.iter().max_by_key(|piece| piece.longer());
        if let Some((longer, area)) = largest.map(|piece| (piece.longer(), piece.area)) {
            pieces.retain(|piece| {
                piece.longer() as f32 > SPECK * longer as f32
                    || piece.area as f32 > SPECK * area as f32
            });
        }
        Self {
            touches_edge: pieces.iter().any(|piece| piece.touches_edge(size)),
            kept: pieces,
            left_out,
        }
    }

    /// Whether there is any.
    pub fn any(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Those of a higher threshold, if that leaves much less: the rest of a shadow beside the ink, not its soft edge.
    pub fn firm(&self, levels: &[f32], size: [usize; 2], threshold: f32) -> Option<Self> {
        let longer = |pieces: &Self| {
            let bounds = pieces.kept.iter().map(|piece| piece.bounds);
            let around = bounds.reduce(|a, b| {
                [
                    a[0].min(b[0]),
                    a[1].min(b[1]),
                    a[2].max(b[2]),
                    a[3].max(b[3]),
                ]
            });
            around.map_or(0, |[x1, y1, x2, y2]| (x2 - x1).max(y2 - y1))
        };
        let firm = Self::of(levels, size, threshold);
        (firm.any() && longer(&firm) as f32 <= FIRM * longer(self) as f32).then_some(firm)
    }

    /// Whether a piece is nearly as large as the picture.
    pub fn any_spans(&self, [height, width]: [usize; 2]) -> bool {
        self.kept.iter().any(|piece| {
            let [across, down] = piece.sides();
            across as f32 >= STRAIGHT * width as f32 && down as f32 >= STRAIGHT * height as f32
        })
    }

    /// Whether a piece reaches the picture's edge, or did and was left out.
    pub fn touches_edge(&self) -> bool {
        self.touches_edge || self.left_out
    }

    /// The number of pieces beside each other that are at least half as high as all of them.
    pub fn abreast(&self) -> usize {
        let top = self.kept.iter().map(|piece| piece.bounds[1]).min();
        let bottom = self.kept.iter().map(|piece| piece.bounds[3]).max();
        let (Some(top), Some(bottom)) = (top, bottom) else {
            return 0;
        };
        let mut spans: Vec<[usize; 2]> = self
            .kept
            .iter()
            .filter(|piece| 2 * piece.sides()[1] >= bottom - top)
            .map(|piece| [piece.bounds[0], piece.bounds[2]])
            .collect();
        spans.sort_unstable();
        let mut count = 0;
        let mut end = 0;
        for [from, to] in spans {
            count += usize::from(count == 0 || from >= end);
            end = end.max(to);
        }
        count.max(1)
    }

    /// The levels of the pieces and of their soft edges, stretched to 1; 0 elsewhere.
    pub fn levels(&self, levels: &[f32], [_, width]: [usize; 2], least: f32) -> Vec<f32> {
        let mut kept = vec![0.0; levels.len()];
        let strongest = super::levels::strongest(
            self.kept
                .iter()
                .flat_map(|piece| &piece.pixels)
                .map(|&pixel| levels[pixel as usize]),
        );
        if strongest <= 0.0 {
            return kept;
        }
        let level = |pixel: usize| (levels[pixel] / strongest).min(1.0);
        let mut edge: Vec<u32> = Vec::new();
        for &pixel in self.kept.iter().flat_map(|piece| &piece.pixels) {
            kept[pixel as usize] = level(pixel as usize);
            edge.push(pixel);
        }
        let longer = self.kept.iter().map(Piece::longer).max().unwrap_or(0);
        for _ in 0..(longer / 40).max(1) {
            let mut next = Vec::new();
            for &pixel in &edge {
                neighbours(pixel, width, levels.len(), |neighbour| {
                    let at = neighbour as usize;
                    if kept[at] == 0.0 && levels[at] > least {
                        kept[at] = level(at);
                        next.push(neighbour);
                    }
                });
            }
            edge = next;
        }
        kept
    }
}

/// Calls `visit` with the up to eight pixels around one.
fn neighbours(pixel: u32, width: usize, count: usize, mut visit: impl FnMut(u32)) {
    let (y, x) = (pixel as usize / width, pixel as usize % width);
    let height = count / width;
    for y in y.saturating_sub(1)..(y + 2).min(height) {
        for x in x.saturating_sub(1)..(x + 2).min(width) {
            let at = (y * width + x) as u32;
            if at != pixel {
                visit(at);
            }
        }
    }
}

/// All connected pieces of levels above `threshold`, in the order of their first pixels.
fn connected(levels: &[f32], width: usize, threshold: f32) -> Vec<Piece> {
    let mut seen: Vec<bool> = levels.iter().map(|&level| level <= threshold).collect();
    let mut pieces = Vec::new();
    for first in 0..levels.len() {
        if seen[first] {
            continue;
        }
        seen[first] = true;
        let mut pixels = vec![first as u32];
        let mut at = 0;
        let mut piece = Piece {
            bounds: [width, levels.len(), 0, 0],
            area: 0,
            strongest: 0.0,
            pixels: Vec::new(),
        };
        while let Some(&pixel) = pixels.get(at) {
            at += 1;
            let (y, x) = (pixel as usize / width, pixel as usize % width);
            let [x1, y1, x2, y2] = piece.bounds;
            piece.bounds = [x1.min(x), y1.min(y), x2.max(x + 1), y2.max(y + 1)];
            piece.strongest = piece.strongest.max(levels[pixel as usize]);
            neighbours(pixel, width, levels.len(), |neighbour| {
                if !std::mem::replace(&mut seen[neighbour as usize], true) {
                    pixels.push(neighbour);
                }
            });
        }
        piece.area = pixels.len();
        piece.pixels = pixels;
        pieces.push(piece);
    }
    pieces
}
