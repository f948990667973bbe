import Postgres
import Synchronization
import Testing

@Suite("Alarms of a database loop")
struct AlarmTests {
    private final class Rung: Sendable {
        let numbers = Mutex<[Int]>([])
        func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    }
    private let loop = PQLoop(name: "pq-alarms")

    @Test("an alarm rings on the loop's thread, once, not before its time")
    func rings() async {
        let began = ContinuousClock.now
        let rang = await withCheckedContinuation { continuation in
            _ = loop.alarm(after: .milliseconds(20)) { continuation.resume(returning: ContinuousClock.now) }
        }
        #expect(rang - began >= .milliseconds(20))
    }

    @Test("of alarms that are set out of order, the earlier one rings first; a cancelled one does not ring")
    func order() async {
        let rung = Rung()
        let cancelled = loop.alarm(after: .milliseconds(30)) { rung.add(2) }
        await withCheckedContinuation { continuation in
            _ = loop.alarm(after: .milliseconds(90)) {
                rung.add(3)
                continuation.resume()
            }
            _ = loop.alarm(after: .milliseconds(10)) {
                rung.add(1)
                cancelled.cancel()
            }
        }
        #expect(rung.numbers.withLock { $0 } == [1, 3])
    }

    @Test("alarms set and cancelled by many tasks at once: each that is left rings")
    func many() async {
        let count = 200
        let (rung, loop) = (Rung(), loop)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        loop.alarm(after: .seconds(3600)) { rung.add(0) }.cancel()
                    } else {
                        await withCheckedContinuation { continuation in
                            _ = loop.alarm(after: .milliseconds(number % 7)) {
                                rung.add(number)
                                continuation.resume()
                            }
                        }
                    }
                }
            }
        }
        #expect(rung.numbers.withLock { $0.sorted() } == (0..<count).filter { !$0.isMultiple(of: 2) })
    }
}
