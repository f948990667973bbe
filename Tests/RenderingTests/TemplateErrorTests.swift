import Domain
import Rendering
import Testing

@Suite("Templates that cannot be rendered say where and what to do")
struct TemplateErrorTests {
    @Test(
        "a missing variable is an error that names it, the template and the line",
        arguments: [
            ("Hi\n{{name}}", "{}", "name"), ("Hi\n{{name}}", #"{"name": null}"#, "name"),
            ("Hi\n{{order.number}}", #"{"order": {}}"#, "order.number"), ("Hi\n{{a.b}}", #"{"a": "text"}"#, "a.b"),
            ("Hi\n{{#a}}{{b.c}}{{/a}}", #"{"a": {"b": {}}, "b": {"c": 1}}"#, "b.c"),
            ("Hi\n{{#a}}{{x}}{{/a}}", #"{"a": {"x": null}, "x": 1}"#, "x"),
        ])
    func missing(_ template: String, _ variables: String, _ name: String) throws {
        let place = TemplatePlace(
            Template(key: "order", locale: "en", channel: chat, version: 7, body: ""), part: .body, line: 2)
        #expect(throws: RenderError.missingVariable(name: name, at: place)) { try text(template, variables) }
    }

    @Test("the sentence has key, locale, channel, version, line and the remedy, and never a value")
    func sentence() {
        let error = #expect(throws: RenderError.self) { try text("{{#a}}\n{{b}}{{/a}}", #"{"a": "s3cret"}"#) }
        let said = error?.description ?? ""
        #expect(said.hasPrefix("template order (en, chat, version 7), body line 2: variable `b` is missing or null; send `b`"))
        #expect(!said.contains("s3cret"))
    }

    @Test(
        "a list or an object where a text must be is an error", arguments: [#"{"x": [1]}"#, #"{"x": {"a": 1}}"#, #"{"x": []}"#])
    func notText(_ variables: String) {
        #expect(code { () throws(RenderError) in _ = try text("{{x}}", variables) } == "bad_variables")
    }

    struct Syntax: Sendable, CustomTestStringConvertible {
        var template: String
        var line: Int
        var column: Int
        var problem: String
        init(_ template: String, _ line: Int, _ column: Int, _ problem: String) {
            self.template = template
            self.line = line
            self.column = column
            self.problem = problem
        }
        var testDescription: String { template }
    }

    @Test(
        "a syntax error names line and column, and says what to do",
        arguments: [
            Syntax("a\n  {{x", 2, 3, "never closed"), Syntax("{{{x}}", 1, 1, "never closed"),
            Syntax("{{=<% %>}}", 1, 1, "never closed"), Syntax("{{", 1, 1, "never closed"),
            Syntax("好好{{}}", 1, 3, "no name"), Syntax("{{  }}", 1, 1, "no name"), Syntax("{{#}}{{/}}", 1, 1, "no name"),
            Syntax("{{a b}}", 1, 1, "not a variable name"), Syntax("{{a..b}}", 1, 1, "not a variable name"),
            Syntax("{{.a}}", 1, 1, "not a variable name"), Syntax("{{a{{b}}", 1, 1, "not a variable name"),
            Syntax("x\n\n {{#a}}", 3, 2, "`a` is never closed"), Syntax("{{/a}}", 1, 1, "not open"),
            Syntax("{{#a}}{{#b}}{{/a}}{{/b}}", 1, 13, "`b` must be closed first"),
            Syntax("{{> partial}}", 1, 1, "partials"), Syntax("{{< parent}}", 1, 1, "partials"),
            Syntax("{{$ block}}", 1, 1, "partials"), Syntax("{{=<%=}}", 1, 1, "two delimiters"),
            Syntax("{{= a b c =}}", 1, 1, "two delimiters"), Syntax("{{===}}", 1, 1, "two delimiters"),
        ])
    func syntax(_ test: Syntax) throws {
        let error = #expect(throws: RenderError.self) { try parsed(chat, test.template) }
        guard case .templateSyntax(let place, let problem, let remedy)? = error else {
            Issue.record("not a syntax error: \(String(describing: error))")
            return
        }
        #expect(place.line == test.line && place.column == test.column)
        #expect(problem.contains(test.problem))
        #expect(!remedy.isEmpty)
    }

    @Test("errors of subject and html name their part")
    func parts() {
        let subject = #expect(throws: RenderError.self) { try parsed(.email, "b", subject: "{{x", html: nil) }
        #expect(subject?.sentence.contains("subject line 1, column 1") == true)
        let html = #expect(throws: RenderError.self) { try parsed(.email, "b", subject: "s", html: "\n{{x") }
        #expect(html?.sentence.contains("html line 2, column 1") == true)
        #expect(code { () throws(RenderError) in _ = try parsed(.email, "no subject") } == "template_syntax")
    }

    @Test("what a template reads can be listed")
    func names() throws {
        let names = try parsed(.email, "{{b}}{{#l}}{{.}}{{/l}}", subject: "{{a.x}}", html: "{{^c}}{{b}}{{/c}}").variableNames
        #expect(names == ["a.x", "b", "c", "l"])
    }
}

@Suite("Hostile templates and variables are refused or bounded")
struct HostileTemplateTests {
    @Test("a template over 256 KiB is refused, one of exactly 256 KiB is not")
    func templateSize() throws {
        _ = try parsed(chat, String(repeating: "a", count: 256 * 1024))
        #expect(
            code { () throws(RenderError) in _ = try parsed(chat, String(repeating: "a", count: 256 * 1024 + 1)) }
                == "template_syntax")
        #expect(
            code { () throws(RenderError) in _ = try parsed(chat, String(repeating: "{{", count: 1 << 19)) } == "template_syntax")
    }

    @Test("32 sections inside each other are allowed, 33 are not")
    func nesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "{{#a}}", count: depth) + "x" + String(repeating: "{{/a}}", count: depth)
        }
        #expect(try text(nested(32), #"{"a": true}"#) == "x")
        #expect(code { () throws(RenderError) in _ = try text(nested(33), "{}") } == "template_syntax")
        #expect(code { () throws(RenderError) in _ = try text(nested(40_000), "{}") } == "template_syntax")
    }

    @Test("the rendered text may have the limit's bytes and no more")
    func output() throws {
        let limits = RenderLimits(output: 10)
        #expect(try text("{{#l}}{{.}}{{/l}}", "{\"l\": [12345, 67890]}", limits: limits) == "1234567890")
        #expect(
            code { () throws(RenderError) in _ = try text("{{#l}}{{.}}{{/l}}!", "{\"l\": [12345, 67890]}", limits: limits) }
                == "too_large")
        let list = "{\"l\": [" + Array(repeating: "1", count: 30_000).joined(separator: ",") + "]}"
        #expect(code { () throws(RenderError) in _ = try text("{{#l}}0123456789{{/l}}", list) } == "too_large")
    }

    @Test("loops inside loops that write nothing end too")
    func steps() {
        let list = "{\"l\": [" + Array(repeating: "1", count: 30_000).joined(separator: ",") + "]}"
        let template = String(repeating: "{{#l}}", count: 32) + String(repeating: "{{/l}}", count: 32)
        #expect(code { () throws(RenderError) in _ = try text(template, list) } == "too_large")
    }
}
