import Dispatch
import Glibc

/// SIGINT and SIGTERM let the chunk in hand commit and then end the import; a second one ends the process at once (what is open is
/// rolled back by the server).
public final class Interruption {
    private let sources: [any DispatchSourceSignal]

    /// With a flag that it sets.
    public static func begin() -> (StopFlag, Interruption) {
        let stop = StopFlag()
        return (stop, Interruption(stop))
    }

    init(_ stop: StopFlag, again: Int32 = 75) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if stop.isSet { _exit(again) }
                stop.stop()
            }
            source.resume()
            return source
        }
    }
}
