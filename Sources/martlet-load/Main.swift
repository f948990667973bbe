import ArgumentParser
import Settings

/// `martlet-load`: puts load on a Martlet database and measures the effect. For benchmarks, never for production.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-load",
        abstract: "Load generator and benchmark; the database is MARTLET_DATABASE_URL. Deploy/bench runs it all.",
        version: martletVersion,
        subcommands: [
            Enqueue.self, Offer.self, Drain.self, Claims.self, Pickup.self, Submit.self, Peer.self, Callbacks.self,
        ])
}
