import AdminCommands

@main
struct Main {
    static func main() async {
        await Martlet.runAndExit(Array(CommandLine.arguments.dropFirst()))
    }
}
