import Domain
import StageSupport
import Testing
import Transports

@testable import Pipeline

@Suite("Answers on their way to Record")
struct ResultsTests {
    private func answer(_ number: Int64, lane: Int16 = 3) -> Results.Answer {
        let work = Work.sample(
            id: number, lane: lane, provider: ProviderPolicy(name: "p", transport: "sandbox", channels: [.sms]))
        return (
            SubmissionResult(messageID: work.message.id, attempt: 1, outcome: .accepted(reference: nil), latency: .zero), work
        )
    }

    private func numbers(_ taken: [Results.Answer]) -> [Int64] { taken.map { $0.0.messageID.rawValue } }

    @Test("answers that come one by one are written together, as soon as there are enough")
    func enough() async {
        let results = Results(enough: 3, patience: .seconds(600))
        results.add([answer(1)])
        async let taken = results.take(500, timeout: .seconds(60))
        results.add([answer(2)])
        results.add([answer(3)])
        #expect(numbers(await taken) == [1, 2, 3])
        // Two of them are not enough: they are taken when the time is up, not before.
        let began = ContinuousClock.now
        results.add([answer(4), answer(5)])
        #expect(numbers(await results.take(500, timeout: .milliseconds(50))) == [4, 5])
        #expect(ContinuousClock.now - began >= .milliseconds(50))
    }

    @Test("an answer is written after a moment, also when no other follows")
    func patience() async {
        let results = Results(enough: 1000, patience: .milliseconds(5))
        results.add([answer(1)])
        #expect(numbers(await results.take(500, timeout: .seconds(60))) == [1])
    }

    @Test("the answer of a login code waits for nothing, and for none of the others")
    func urgent() async {
        let results = Results(enough: 1000, patience: .seconds(600))
        results.add([answer(1), answer(2, lane: 0)])
        #expect(numbers(await results.take(500, timeout: .seconds(60))) == [2])
    }

    @Test("where more wait than one batch holds, the other loop takes the rest at once")
    func rest() async {
        let results = Results(enough: 2, patience: .seconds(600))
        async let first = results.take(2, timeout: .seconds(60))
        async let second = results.take(2, timeout: .seconds(60))
        results.add((1...4).map { answer($0) })
        #expect(numbers(await first + second).sorted() == [1, 2, 3, 4])
    }

    @Test("of many answers that come at once to two loops, each is taken once")
    func many() async {
        let results = Results(enough: 7, patience: .milliseconds(1))
        let taken = await withTaskGroup(of: [Int64].self) { group in
            for part in 0..<Int64(4) {
                group.addTask {
                    for number in 0..<Int64(1000) {
                        results.add([answer(part * 1000 + number + 1, lane: number % 50 == 0 ? 0 : 3)])
                    }
                    return []
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    var all: [Int64] = []
                    while true {
                        let some = await results.take(20, timeout: .milliseconds(300))
                        if some.isEmpty { return all }
                        all += numbers(some)
                    }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == Array(1...4000))
    }
}
