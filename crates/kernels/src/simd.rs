//! Sixteen floats at a time on whatever the processor has, chosen at run time.
//!
//! A kernel is a [`Task`]: a struct of its arguments with a `run` that is generic over [`Lanes`].
//! [`Simd::run`] compiles it once for AVX-512, AVX2 with FMA, NEON and a portable form, and picks one when called.
//! Everything that `run` calls must be `#[inline(always)]`: a function that stays separate is compiled without the
//! processor's vector instructions and costs many times as much. The same goes for closures and iterator adaptors, so
//! kernels handle vectors in plain loops over ranges.
//! The instruction sets come from the crate `pulp`; this file only makes every register width look sixteen lanes wide.

use std::cell::Cell;

use pulp::{Arch, Scalar512b, WithSimd};

/// Floats in one [`Lanes::V`] given to a [`Task`].
pub const WIDTH: usize = 16;

/// A kernel that can be compiled for every instruction set.
pub trait Task {
    /// What the kernel returns.
    type Output;
    /// Does the work; the body and what it calls must be `#[inline(always)]`.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// The instruction set that kernels run on: a value, so that one call uses one set on all its threads.
#[derive(Clone, Copy, Debug)]
pub struct Simd {
    arch: Option<Arch>,
}

thread_local! {
    static FORCED: Cell<Option<Simd>> = const { Cell::new(None) };
}

/// Runs `f`, in which kernels started on this thread use this instruction set: for tests and comparisons.
pub fn with_simd<R>(simd: Simd, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Simd>);
    impl Drop for Restore {
        fn drop(&mut self) {
            FORCED.set(self.0);
        }
    }
    let _restore = Restore(FORCED.replace(Some(simd)));
    f()
}

impl Simd {
    /// The best instruction set of this processor (another inside [`with_simd`]).
    pub fn current() -> Simd {
        FORCED.get().unwrap_or_else(|| Simd {
            arch: Some(Arch::new()),
        })
    }

    /// Every instruction set that this processor has, best first; the portable form is the last.
    pub fn available() -> Vec<Simd> {
        let mut all = vec![Some(Arch::new())];
        #[cfg(target_arch = "x86_64")]
        if let (Some(Arch::V4(_)), Some(v3)) = (all[0], pulp::x86::V3::try_new()) {
            all.push(Some(Arch::V3(v3)));
        }
        all.push(None);
        all.into_iter().map(|arch| Simd { arch }).collect()
    }

    /// Runs the kernel in the form for this instruction set.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.arch {
            Some(arch) => arch.dispatch(Adapter(task)),
            None => Adapter(task).with_simd(Scalar512b),
        }
    }
}

/// Gives pulp's register type the width that makes sixteen lanes.
struct Adapter<T>(T);

impl<T: Task> WithSimd for Adapter<T> {
    type Output = T::Output;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> T::Output {
        match S::F32_LANES {
            16 => self.0.run(Wide::<S, 1>(simd)),
            8 => self.0.run(Wide::<S, 2>(simd)),
            4 => self.0.run(Wide::<S, 4>(simd)),
            // One float at a time would hide the parallelism from the compiler; arrays of sixteen show it.
            _ => self.0.run(Wide::<Scalar512b, 1>(Scalar512b)),
        }
    }
}

/// Arithmetic on [`Lanes::WIDTH`] floats. Values are plain `Copy` data; `mul_add` rounds once where the processor can.
pub trait Lanes: Copy + Send + Sync {
    /// The floats: registers of the instruction set.
    type V: Copy;
    /// The same instruction set one register at a time, for kernels that need many short accumulators.
    type Register: Lanes;
    /// Floats in a `V`: sixteen, in [`Lanes::Register`] as many as a register holds (4, 8 or 16).
    const WIDTH: usize;

    /// One register at a time.
    fn register(self) -> Self::Register;
    /// All lanes equal to `x`.
    fn splat(self, x: f32) -> Self::V;
    /// Reads `WIDTH` floats; no alignment is needed.
    ///
    /// # Safety
    /// `from` must be readable for `WIDTH` floats.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// Writes `WIDTH` floats; no alignment is needed.
    ///
    /// # Safety
    /// `to` must be writable for `WIDTH` floats.
    unsafe fn store(self, to: *mut f32, v: Self::V);
    /// a + b
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// a - b
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// a * b
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a / b
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// Square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// a * b + c
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c - a * b
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The greater; which one for NaN is not specified.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller; which one for NaN is not specified.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `yes` where a > b, else `no` (also for NaN).
    fn select_gt(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `yes` where a == b, else `no` (also for NaN).
    fn select_eq(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// The sum of the lanes, in an order that depends on the instruction set only.
    fn sum(self, v: Self::V) -> f32;
    /// The sums of the lanes of four vectors, cheaper than four [`Lanes::sum`].
    fn sum4(self, v: [Self::V; 4]) -> [f32; 4];
    /// The greatest lane.
    fn max_lane(self, v: Self::V) -> f32;

    /// All lanes zero.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }

    /// Writes each lane, an integer from 0 to 255, as a byte.
    ///
    /// # Safety
    /// `to` must be writable for `WIDTH` bytes, and each lane within 0..=255.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "see this file's head")]
    unsafe fn store_bytes(self, to: *mut u8, v: Self::V) {
        let mut floats = [0f32; WIDTH];
        // SAFETY: the array holds at least WIDTH floats; `to` and the range of the values are the caller's promise.
        unsafe {
            self.store(floats.as_mut_ptr(), v);
            for i in 0..Self::WIDTH {
                *to.add(i) = floats[i].to_int_unchecked::<i32>() as u8;
            }
        }
    }

    /// Reads `WIDTH` bytes as floats.
    ///
    /// # Safety
    /// `from` must be readable for `WIDTH` bytes.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "see this file's head")]
    unsafe fn load_bytes(self, from: *const u8) -> Self::V {
        let mut floats = [0f32; WIDTH];
        // SAFETY: `from` is the caller's promise; the array holds at least WIDTH floats.
        unsafe {
            for i in 0..Self::WIDTH {
                floats[i] = f32::from(*from.add(i));
            }
            self.load(floats.as_ptr())
        }
    }
}

/// `W` registers of the instruction set `S` as one value.
#[derive(Clone, Copy)]
pub struct Wide<S, const W: usize>(S);

/// Methods that apply an operation of pulp to each register. Loops, not `array::from_fn`: a closure could stay a
/// separate function.
macro_rules! lanewise {
    ($($name:ident($($arg:ident),+) = $operation:ident;)+) => {$(
        #[inline(always)]
        fn $name(self, $($arg: Self::V),+) -> Self::V {
            let mut out = [self.0.splat_f32s(0.0); W];
            let mut i = 0;
            while i < W {
                out[i] = self.0.$operation($($arg[i]),+);
                i += 1;
            }
            out
        }
    )+};
}

/// `yes` where a comparison of pulp holds, else `no`, register by register.
macro_rules! select {
    ($self:ident, $compare:ident($a:ident, $b:ident), $yes:ident, $no:ident) => {{
        let mut out = $no;
        let mut i = 0;
        while i < W {
            let mask = $self.0.$compare($a[i], $b[i]);
            out[i] = $self.0.select_f32s(mask, $yes[i], $no[i]);
            i += 1;
        }
        out
    }};
}

impl<S: pulp::Simd, const W: usize> Lanes for Wide<S, W> {
    type V = [S::f32s; W];
    type Register = Wide<S, 1>;
    const WIDTH: usize = W * S::F32_LANES;

    #[inline(always)]
    fn register(self) -> Self::Register {
        Wide(self.0)
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::V {
        [self.0.splat_f32s(x); W]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        let mut out = [self.0.splat_f32s(0.0); W];
        let mut i = 0;
        while i < W {
            // SAFETY: the caller gives WIDTH floats, W registers; any bits are a valid register.
            out[i] = unsafe { from.cast::<S::f32s>().add(i).read_unaligned() };
            i += 1;
        }
        out
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, v: Self::V) {
        let mut i = 0;
        while i < W {
            // SAFETY: the caller gives room for WIDTH floats, W registers.
            unsafe { to.cast::<S::f32s>().add(i).write_unaligned(v[i]) };
            i += 1;
        }
    }

    lanewise! {
        add(a, b) = add_f32s;
        sub(a, b) = sub_f32s;
        mul(a, b) = mul_f32s;
        div(a, b) = div_f32s;
        sqrt(a) = sqrt_f32s;
        mul_add(a, b, c) = mul_add_e_f32s;
        neg_mul_add(a, b, c) = negate_mul_add_e_f32s;
        max(a, b) = max_f32s;
        min(a, b) = min_f32s;
    }

    #[inline(always)]
    fn select_gt(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        select!(self, less_than_f32s(b, a), yes, no)
    }

    #[inline(always)]
    fn select_eq(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        select!(self, equal_f32s(a, b), yes, no)
    }

    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let mut all = v[0];
        let mut i = 1;
        while i < W {
            all = self.0.add_f32s(all, v[i]);
            i += 1;
        }
        self.0.reduce_sum_f32s(all)
    }

    #[inline(always)]
    fn sum4(self, v: [Self::V; 4]) -> [f32; 4] {
        let mut all = [v[0][0], v[1][0], v[2][0], v[3][0]];
        let mut i = 0;
        while i < 4 {
            let mut k = 1;
            while k < W {
                all[i] = self.0.add_f32s(all[i], v[i][k]);
                k += 1;
            }
            i += 1;
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = (&self.0 as &dyn std::any::Any).downcast_ref::<pulp::x86::V3>() {
            // SAFETY: the registers of V3 are eight floats, as __m256 is.
            let [a, b, c, d]: [std::arch::x86_64::__m256; 4] =
                unsafe { std::mem::transmute_copy(&all) };
            // Pairs, then fours: 11 instructions where four single sums take 24.
            let fours = v3
                .avx
                ._mm256_hadd_ps(v3.avx._mm256_hadd_ps(a, b), v3.avx._mm256_hadd_ps(c, d));
            let sums = v3.sse._mm_add_ps(
                v3.avx._mm256_castps256_ps128(fours),
                v3.avx._mm256_extractf128_ps::<1>(fours),
            );
            // SAFETY: a __m128 is four floats.
            return unsafe { std::mem::transmute::<std::arch::x86_64::__m128, [f32; 4]>(sums) };
        }
        let [a, b, c, d] = all;
        [
            self.0.reduce_sum_f32s(a),
            self.0.reduce_sum_f32s(b),
            self.0.reduce_sum_f32s(c),
            self.0.reduce_sum_f32s(d),
        ]
    }

    #[inline(always)]
    fn max_lane(self, v: Self::V) -> f32 {
        let mut all = v[0];
        let mut i = 1;
        while i < W {
            all = self.0.max_f32s(all, v[i]);
            i += 1;
        }
        self.0.reduce_max_f32s(all)
    }
}

#[cfg(test)]
mod tests;
