import Domain
import Foundation
import Settings
import Testing

@Suite("Settings of a process")
struct ProcessSettingsTests {
    private func worker(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws(ConfigErrors) -> WorkerSettings {
        try WorkerSettings(
            from: SettingSources(flags: flags, environment: environment, file: file.map { (name: "worker.yaml", text: $0) }))
    }

    private func problems(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) -> [String] {
        do throws(ConfigErrors) {
            _ = try worker(flags: flags, environment: environment, file: file)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("a flag beats the environment, the environment beats the file, the file beats the default")
    func precedence() throws {
        let file = "worker:\n  claim_batch: 300\n"
        let environment = ["MARTLET_WORKER_CLAIM_BATCH": "400"]
        #expect(try worker().claimBatch == 200)
        let fromFile = try worker(file: file)
        #expect(fromFile.claimBatch == 300 && fromFile.origins["worker.claim_batch"] == "worker.yaml:2")
        let fromEnvironment = try worker(environment: environment, file: file)
        #expect(fromEnvironment.claimBatch == 400)
        #expect(fromEnvironment.origins["worker.claim_batch"] == "environment variable MARTLET_WORKER_CLAIM_BATCH")
        let fromFlag = try worker(flags: ["claim-batch": "500"], environment: environment, file: file)
        #expect(fromFlag.claimBatch == 500 && fromFlag.origins["worker.claim_batch"] == "flag --claim-batch")
        #expect(try worker(environment: ["MARTLET_WORKER_CLAIM_BATCH": ""], file: file).claimBatch == 300)
    }

    @Test("every value can be set")
    func everything() throws {
        let settings = try worker(
            environment: [
                "MARTLET_DATABASE_CONNECT_TIMEOUT": "1s", "MARTLET_DATABASE_CALL_TIMEOUT": "3s", "MARTLET_LOG_LEVEL": "debug",
                "MARTLET_LOG_FORMAT": "text", "MARTLET_WORKER_NAME": "w1", "MARTLET_WORKER_CONNECTIONS": "8",
                "MARTLET_WORKER_MAX_IN_FLIGHT": "900", "MARTLET_WORKER_LEASE": "30s", "MARTLET_WORKER_HEARTBEAT": "1s",
                "MARTLET_WORKER_DRAIN_GRACE": "5s", "MARTLET_WORKER_HEALTH": "[::1]:0", "MARTLET_WORKER_WAKE_POLL": "5ms",
                "MARTLET_WORKER_IDLE_POLL": "20ms", "MARTLET_WORKER_POLICY_POLL": "2s", "MARTLET_WORKER_MAINTENANCE": "false",
            ])
        #expect(settings.database.connectTimeout == .seconds(1) && settings.database.callTimeout == .seconds(3))
        #expect(settings.log.level == .debug && settings.log.format == .text)
        #expect(settings.name == "w1" && settings.connections == 8 && settings.maxInFlight == 900)
        #expect(settings.lease == .seconds(30) && settings.heartbeat == .seconds(1) && settings.drainGrace == .seconds(5))
        #expect(settings.health == ListenAddress(host: "::1", port: 0) && settings.health?.description == "[::1]:0")
        #expect(settings.wakePoll == .milliseconds(5) && settings.idlePoll == .milliseconds(20))
        #expect(settings.policyPoll == .seconds(2) && !settings.maintenance)
        #expect(try worker(flags: ["health": "off"]).health == nil)
        let producer = try ProducerSettings(
            from: SettingSources(
                flags: ["batch": "50", "connections": "3", "max-rejects": "7", "log-level": "error"], environment: [:]))
        #expect(producer.batch == 50 && producer.connections == 3 && producer.maxRejects == 7 && producer.log.level == .error)
    }

    @Test("a mistake names the flag, the environment variable or the line of the file")
    func sources() {
        #expect(
            problems(flags: ["lease": "soon"]) == [
                "flag --lease: worker.lease: `soon` is not a duration; write a number with ms, s, m, h or d, such as 30s"
            ])
        #expect(
            problems(environment: ["MARTLET_WORKER_CONNECTIONS": "1"]) == [
                "environment variable MARTLET_WORKER_CONNECTIONS: worker.connections: 1 is out of range; write a number from 2 to 64"
            ])
        #expect(
            problems(file: "worker:\n  health: everywhere\n  leese: 10s\nlogs: {}\n") == [
                "worker.yaml:2:11: worker.health: `everywhere` is not an address; write host:port such as 127.0.0.1:9464, or [::1]:9464",
                "worker.yaml:3:10: worker.leese: unknown key; did you mean worker.lease?",
                "worker.yaml:4:1: logs: unknown key; did you mean log?",
            ])
        #expect(
            problems(file: "worker:\n  name:\n") == ["worker.yaml:2:3: worker.name: is empty; write a value or remove the line"])
        #expect(
            problems(file: "producer: {batch: 5}\nworker: {claim_batch: 5}\n").isEmpty,
            "sections of other programs are left alone")
    }

    @Test("settings that contradict each other are refused with both values")
    func contradictions() {
        #expect(
            problems(flags: ["max-in-flight": "100"]) == [
                "flag --max-in-flight: worker.max_in_flight: must be at least worker.claim_batch "
                    + "(max_in_flight 100, claim_batch 200); change one of them"
            ])
        #expect(problems(flags: ["lease": "5s"]).first?.contains("(lease 5 s, heartbeat 2 s)") == true)
        #expect(problems(flags: ["idle-poll": "1ms"]).first?.contains("(idle_poll 1 ms, wake_poll 2 ms)") == true)
    }

    @Test("a lease must outlive every provider's send")
    func lease() throws {
        var policy = try PolicyFiles.parse(shipped())
        let settings = try worker(flags: ["lease": "10s"])
        policy.providers = ["slow": ProviderPolicy(name: "slow", transport: "smtp", channels: [.email], timeout: .seconds(15))]
        #expect(
            settings.conflicts(with: policy) == [
                "worker.lease must exceed provider.timeout (lease 10 s, timeout 15 s); "
                    + "lease from flag --lease, timeout from provider slow"
            ])
        policy.providers["slow"]?.timeout = .seconds(8)
        #expect(settings.conflicts(with: policy).first?.contains("(lease 10 s, send_within 5 s, timeout 8 s)") == true)
        policy.providers["slow"]?.timeout = .seconds(4)
        #expect(settings.conflicts(with: policy).isEmpty)
        #expect(try worker().conflicts(with: PolicyFiles.parse(shipped())).isEmpty)
    }

    @Test("a misspelt environment variable is warned about, a foreign one is not")
    func misspelt() throws {
        let environment = ["MARTLET_WORKER_LAESE": "10s", "MARTLET_WORKER_SERVICE_HOST": "10.0.0.1", "MARTLET_FAILPOINT": "x"]
        #expect(
            try worker(environment: environment).warnings == [
                "environment variable MARTLET_WORKER_LAESE is not used; did you mean MARTLET_WORKER_LEASE?"
            ])
    }

    @Test("a settings file that --config names must be there")
    func missingFile() {
        #expect {
            try SettingSources(readingFileOf: ["config": "/nonexistent.yaml"], environment: [:])
        } throws: { error in
            "\(error)" == "/nonexistent.yaml: cannot be opened (flag --config); check that it exists and may be read"
        }
    }
}

@Suite("The database connection")
struct DatabaseSettingsTests {
    private func database(_ environment: [String: String]) throws(ConfigErrors) -> (DatabaseSettings, [String]) {
        let settings = try AdminSettings(from: SettingSources(environment: environment))
        return (settings.database, settings.warnings)
    }

    @Test("comes from the variable, from a file without its line break, or from libpq's own variables")
    func origin() throws {
        let (direct, _) = try database(["MARTLET_DATABASE_URL": "postgres://u:planted@db/m"])
        #expect(direct.connection.reveal() == "postgres://u:planted@db/m")
        #expect(direct.origin == "environment variable MARTLET_DATABASE_URL")
        #expect(try database([:]).0.connection.reveal().isEmpty)
        try withFiles(["url": "host=db password=planted\n"]) { directory in
            let path = directory + "/url"
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let (file, warnings) = try database(["MARTLET_DATABASE_URL_FILE": path])
            #expect(file.connection.reveal() == "host=db password=planted")
            #expect(file.origin == "file \(path) (environment variable MARTLET_DATABASE_URL_FILE)")
            #expect(warnings == ["\(path) can be read by everybody on this machine; chmod 0400 it"])
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try database(["MARTLET_DATABASE_URL_FILE": path]).1.isEmpty)
        }
    }

    @Test("two sources at once, a missing file and nonsense are refused without showing the value")
    func refused() throws {
        try withFiles(["url": "planted", "empty": "\n"]) { directory in
            for environment in [
                ["MARTLET_DATABASE_URL": "postgres://u:planted@db/m", "MARTLET_DATABASE_URL_FILE": "\(directory)/url"],
                ["MARTLET_DATABASE_URL": "planted"], ["MARTLET_DATABASE_URL_FILE": "\(directory)/url"],
                ["MARTLET_DATABASE_URL_FILE": "\(directory)/empty"], ["MARTLET_DATABASE_URL_FILE": "\(directory)/nowhere"],
            ] {
                do throws(ConfigErrors) {
                    _ = try database(environment)
                    Issue.record("\(environment.keys) was taken")
                } catch {
                    #expect(!"\(error)".contains("planted") && "\(error)".contains("database.url"), "\(error)")
                }
            }
        }
    }

    @Test("a secret shows nowhere: not in descriptions, dumps or mirrors")
    func secret() throws {
        let (database, _) = try database(["MARTLET_DATABASE_URL": "postgres://u:planted@db/m"])
        var dumped = ""
        dump(database, to: &dumped)
        let texts = ["\(database)", String(reflecting: database), dumped, "\(database.connection)"]
        for text in texts { #expect(!text.contains("planted"), "\(text)") }
    }
}
