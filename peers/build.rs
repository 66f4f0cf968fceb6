//! `ethrex-crypto` and `keccak-asm` (of alloy-primitives) both export `KeccakF1600`, which
//! is the same permutation by the same authors: either of them does.

fn main() {
    println!("cargo:rustc-link-arg=-Wl,-z,muldefs");
    println!("cargo:rerun-if-changed=build.rs");
}
