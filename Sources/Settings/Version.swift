/// The version that every program prints with `--version`, and that `martlet workers` shows.
public let martletVersion = "0.1.0"
