//! Arguments to library calls to exit codes; everything else is in the library.

fn main() -> std::process::ExitCode {
    llmobs::cli::main(std::env::args_os())
}
