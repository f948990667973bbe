import ArgumentParser
import Domain
import Foundation
import Operations
import Store

struct AudiencesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audiences", abstract: "Lists of people for campaigns.",
        subcommands: [AudiencesList.self, AudiencesCreate.self, AudiencesImport.self, AudiencesShow.self, AudiencesRemove.self],
        defaultSubcommand: AudiencesList.self)
}

struct AudiencesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The lists with how many people they have.",
        discussion: """
            EXAMPLES
              martlet audiences list --json
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let audiences = try await shared.run(ShowAudiences())
        if shared.json { return Terminal.out.json(audiences.json) }
        var table = Table("audience", "#members", "#rejected", "changed", "owner")
        for audience in audiences {
            table.add(
                "\(audience.name)", "\(audience.members)", "\(audience.rejected)", "\(audience.changedAt.shown)",
                "\(audience.owner)")
        }
        Terminal.out.table(table)
    }
}

struct AudiencesCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a list from a query, read with your rights; in place of one of the same name.",
        discussion: """
            The query's columns: person, sms, email, addresses (jsonb by channel), locale, time_zone, tier, variables (json). Rows that cannot be used and
            doubles are taken out and told. Runs that have been started keep their people.

            EXAMPLES
              martlet audiences create gold --query "select id::text as person, phone as sms, zone as time_zone from customers where tier = 'gold'"
              martlet audiences create gold --query @gold.sql
            """)
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "A SELECT, or @file.") var query: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        var text = query
        if query.hasPrefix("@") {
            guard let data = FileManager.default.contents(atPath: String(query.dropFirst())) else {
                throw OperationError(
                    .invalidConfiguration, "\(query.dropFirst()) cannot be read", hint: "Check --query \(query).")
            }
            text = String(decoding: data, as: UTF8.self)
        }
        let output = try await shared.run(MakeAudience(name: name, query: text))
        if shared.json { return Terminal.out.json(output.json) }
        Terminal.out.line("\(name): \(output.members) members, \(output.rejected) rejected", .green)
        for reject in output.rejects { Terminal.out.line("  " + reject.shown) }
    }
}

struct AudiencesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One list, and the rows that it could not take.",
        discussion: """
            EXAMPLES
              martlet audiences show gold
            """)
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "So many rejected rows.") var limit = 50
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try checkLimit(limit)
        let output = try await shared.run(ShowAudience(name: name, limit: limit))
        if shared.json { return Terminal.out.json(output.json) }
        let (audience, rejects) = (output.audience, output.rejects)
        Terminal.out.line(
            "\(audience.name): \(audience.members) members, \(audience.rejected) rejected, changed \(audience.changedAt.shown)")
        if let query = audience.query { Terminal.out.line(Printable.text(query), .dim) }
        for reject in rejects { Terminal.out.line("  " + reject.shown) }
    }
}

struct AudiencesRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a list; runs that have been started keep their people.",
        discussion: """
            EXAMPLES
              martlet audiences remove gold --why "the programme has ended"
            """)
    @Argument(help: "Its name.") var name: String
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try Confirmation.ask("Remove the audience \(name)?", yes: yes)
        let output = try await shared.run(DiscardAudience(name: name, why: why))
        shared.show(output) { Terminal.out.line("\(name) is removed; it had \(output.members) members", .green) }
    }
}

extension AudienceRejects.Reject {
    fileprivate var shown: String { (line.map { "line \($0): " } ?? "") + "\(field): \(problem)" }
}

struct CodesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codes", abstract: "Pools of codes, of which each message of a campaign gets one.",
        subcommands: [CodesLoad.self, CodesShow.self], defaultSubcommand: CodesShow.self)
}

struct CodesLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Put the codes of a file, one a line, into a pool.",
        discussion: """
            Codes that the pool has already are passed over and counted. A run that waits because the pool was dry goes on.

            EXAMPLES
              martlet codes load spring --file codes.txt --valid-until "2027-04-01 00:00 Europe/London"
            """)
    @Argument(help: "The pool.") var pool: String
    @Option(name: .long, help: "Of codes, one a line.", completion: .file()) var file: String
    @Option(name: .long, help: "When they expire.") var validUntil: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw OperationError(.invalidConfiguration, "\(file) cannot be read", hint: "Check --file \(file).")
        }
        let codes = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        let output = try await shared.run(FillCodePool(pool: pool, codes: codes, validUntil: validUntil))
        shared.show(output) {
            Terminal.out.line("\(pool): \(output.loaded) codes loaded, \(output.doubles) were there already", .green)
        }
    }
}

struct CodesShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The pools with what became of their codes.",
        discussion: """
            EXAMPLES
              martlet codes show spring
            """)
    @Argument(help: "Only this pool.") var pool: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let pools = try await shared.run(ShowCodePools(pool: pool))
        if shared.json { return Terminal.out.json(pools.json) }
        var table = Table("pool", "#codes", "#free", "#reserved", "#held", "#spent", "#expired")
        for pool in pools {
            table.add(
                "\(pool.name)", "\(pool.codes)", "\(pool.free)", "\(pool.reserved)", "\(pool.held)", "\(pool.spent)",
                "\(pool.expired)")
        }
        Terminal.out.table(table)
    }
}
