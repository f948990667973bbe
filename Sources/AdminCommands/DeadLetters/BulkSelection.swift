import ArgumentParser
import Domain
import Operations
import Store

/// Which dead letters a bulk command works on, after counting, dry run and confirmation; then it begins a job, and waits for it.
struct BulkSelection: ParsableArguments {
    @Argument(help: "Ids of messages.")
    var ids: [MessageID] = []
    @Flag(name: .long, help: "All that match the filters.")
    var allMatching = false
    @OptionGroup(title: "Filters") var which: DeadLetterFilterOptions
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Option(name: .long, help: ArgumentHelp("Messages a second, 1 … 100000; left out: as fast as it goes.", valueName: "rate"))
    var perSecond: Int?
    @Flag(name: .long, help: "Begin the job and do not wait for it: `martlet jobs show` tells how far it is.")
    var detach = false
    @Flag(name: .long, help: "Count and show, change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func validate() throws {
        guard ids.isEmpty == allMatching else { throw ValidationError("Give ids, or --all-matching with filters.") }
        guard which.isEmpty || allMatching else { throw ValidationError("Filters need --all-matching.") }
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
        guard perSecond.map({ (1...100_000).contains($0) }) ?? true else {
            throw ValidationError("--per-second must be 1 … 100000.")
        }
    }

    /// Counts, asks, begins the job and waits for it.
    /// - Parameter asksForIDs: explicit ids are confirmed too.
    func run(_ action: JobAction, _ words: (question: String, done: String), asksForIDs: Bool, _ shared: SharedOptions)
        async throws
    {
        let chosen: JobSelection = allMatching ? .matching(which.filter) : .ids(ids)
        let wait = try await shared.withCluster(deadline: StartJob.deadline) { cluster, actor -> JobWait? in
            let preview = try await PreviewJob(selection: chosen).run(on: cluster, as: actor)
            if dryRun {
                shared.show(preview) { show(preview) }
                return nil
            }
            if allMatching || asksForIDs {
                let reasons = preview.reasons.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
                let letters = "\(preview.total) dead letter\(preview.total == 1 ? "" : "s")"
                try Confirmation.ask(
                    "\(words.question) \(letters)\(reasons.isEmpty ? "" : " (\(reasons))")?", yes: yes)
            }
            let job = try await StartJob(action, preview.selection, why: why, perSecond: perSecond).run(
                on: cluster, as: actor)
            if detach {
                shared.show(job) {
                    Terminal.out.line("job \(job.id) works on \(job.messages); see `martlet jobs show \(job.id)`")
                }
                return nil
            }
            return await JobWait(job, words.done, on: cluster, as: actor)
        }
        try wait?.report(words.done, asJSON: shared.json)
    }

    private func show(_ preview: PreviewJob.Output) {
        Terminal.out.line(
            "dry run: \(preview.total) dead letter\(preview.total == 1 ? "" : "s"), nothing was changed")
        for reason in preview.reasons { Terminal.out.line("  \(reason.count) \(reason.reason)") }
        Terminal.out.line("first: " + preview.first.map(\.description).joined(separator: " "))
    }
}
