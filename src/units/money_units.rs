//! Units as types, for what is computed with money: no value of them exists, they only stand in type parameters.
//!
//! Names units; the arithmetic over them is that of the expressions which carry them.

use std::marker::PhantomData;

macro_rules! units {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        $($(#[doc = $doc])* #[derive(Clone, Copy, Debug)] pub enum $name {})*
    };
}

units! {
    /// Money in the currency of the file.
    Money,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// GPUs.
    Gpus,
    /// Tokens.
    Tokens,
    /// Requests.
    Requests,
    /// Joules.
    Joules,
    /// Kilowatt-hours.
    KilowattHours,
    /// A share of a whole, 0 to 1.
    Share,
}

/// `N` for each `D`: `Per<Money, Hours>` is money per hour.
#[derive(Clone, Copy, Debug)]
pub struct Per<N, D>(PhantomData<(N, D)>);

/// A million of `U`.
#[derive(Clone, Copy, Debug)]
pub struct Million<U>(PhantomData<U>);

/// The price of a GPU: money per hour and GPU.
pub type PerGpuHour = Per<Per<Money, Hours>, Gpus>;
