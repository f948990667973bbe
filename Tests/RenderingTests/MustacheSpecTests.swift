import Testing

/// Cases of the public Mustache specification (interpolation, sections, inverted, comments, delimiters) that apply here.
@Suite("Mustache as its specification has it")
struct MustacheSpecTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var template: String
        var variables: String
        var result: String
        init(_ name: String, _ template: String, _ variables: String, _ result: String) {
            self.name = name
            self.template = template
            self.variables = variables
            self.result = result
        }
        var testDescription: String { name }
    }

    @Test(
        "a variable is written as it was sent",
        arguments: [
            Case("no interpolation", "Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"),
            Case("basic", "Hello, {{subject}}!\n", #"{"subject": "world"}"#, "Hello, world!\n"),
            Case(
                "no re-interpolation", "{{template}}: {{planet}}", #"{"template": "{{planet}}", "planet": "Earth"}"#,
                "{{planet}}: Earth"),
            Case("not escaped in texts", "{{x}}", #"{"x": "& \" < >"}"#, "& \" < >"),
            Case("triple", "{{{x}}}", #"{"x": "& \" < >"}"#, "& \" < >"),
            Case("ampersand", "{{&x}}", #"{"x": "& \" < >"}"#, "& \" < >"),
            Case("integer", "{{mph}} miles", #"{"mph": 85}"#, "85 miles"),
            Case("number keeps its zeros", "{{x}}", #"{"x": 12.50}"#, "12.50"),
            Case("number keeps its exponent", "{{x}}", #"{"x": 1E21}"#, "1E21"),
            Case(
                "large number keeps its digits", "{{x}}", #"{"x": 123456789012345678901234567890}"#,
                "123456789012345678901234567890"),
            Case("negative", "{{x}}", #"{"x": -0.0}"#, "-0.0"),
            Case("boolean", "{{x}}", #"{"x": true}"#, "true"),
            Case("empty text", "<{{x}}>", #"{"x": ""}"#, "<>"),
            Case("dotted", "{{person.name}}", #"{"person": {"name": "Joe"}}"#, "Joe"),
            Case("dotted, deep", "{{a.b.c.d.e.name}}", #"{"a":{"b":{"c":{"d":{"e":{"name":"Phil"}}}}}}"#, "Phil"),
            Case(
                "dotted, first part by context", "{{#a}}{{b.c.d.e.name}}{{/a}}",
                #"{"a":{"b":{"c":{"d":{"e":{"name":"Phil"}}}}},"b":{"c":{"d":{"e":{"name":"Wrong"}}}}}"#, "Phil"),
            Case("surrounding white space", "| {{string}} |", #"{"string": "---"}"#, "| --- |"),
            Case("a variable never stands alone", "  {{string}}\n", #"{"string": "---"}"#, "  ---\n"),
            Case("padding", "|{{ string }}|{{{ string }}}|{{& string }}|", #"{"string": "---"}"#, "|---|---|---|"),
            Case("names beyond ASCII", "{{姓名}}您好", #"{"姓名": "李雷"}"#, "李雷您好"),
            Case("escapes in names and texts", "{{ab}}", #"{"a\u0062": "\u597d\n\ud83d\ude00\/"}"#, "好\n😀/"),
            Case("the last of a repeated name", "{{x}}", #"{"x": 1, "x": 2}"#, "2"),
        ])
    func interpolation(_ test: Case) throws { #expect(try text(test.template, test.variables) == test.result) }

    @Test(
        "html is escaped, unless the template asks for raw text",
        arguments: [
            Case("escaped", "{{x}}", #"{"x": "& \" < > '"}"#, "&amp; &quot; &lt; &gt; &#39;"),
            Case("escaped without JSON escapes", "{{x}}", #"{"x": "a<b>&c"}"#, "a&lt;b&gt;&amp;c"),
            Case("triple", "{{{x}}}", #"{"x": "& \" <"}"#, "& \" <"),
            Case("ampersand", "{{& x}}", #"{"x": "& \" <"}"#, "& \" <"),
            Case("current item", "{{#l}}{{.}}{{{.}}}{{/l}}", #"{"l": ["<"]}"#, "&lt;<"),
            Case("the template's own text stays", "<p>&amp;</p>", "{}", "<p>&amp;</p>"),
        ])
    func escaping(_ test: Case) throws { #expect(try html(test.template, test.variables) == test.result) }

    @Test(
        "a section is written once, as often as its list is long, or not at all",
        arguments: [
            Case("truthy", "{{#b}}This should be rendered.{{/b}}", #"{"b": true}"#, "This should be rendered."),
            Case("falsey", "<{{#b}}not{{/b}}>", #"{"b": false}"#, "<>"),
            Case("null", "<{{#b}}not{{/b}}>", #"{"b": null}"#, "<>"),
            Case("missing", "<{{#b}}not{{/b}}>", "{}", "<>"),
            Case("empty text", "<{{#b}}not{{/b}}>", #"{"b": ""}"#, "<>"),
            Case("zero is a value", "<{{#b}}{{.}} left{{/b}}>", #"{"b": 0}"#, "<0 left>"),
            Case("context", "{{#c}}Hi {{name}}.{{/c}}", #"{"c": {"name": "Joe"}}"#, "Hi Joe."),
            Case(
                "parent contexts", "{{#sec}}{{a}}, {{b}}, {{c.d}}{{/sec}}",
                #"{"a":"foo","b":"wrong","sec":{"b":"bar"},"c":{"d":"baz"}}"#,
                "foo, bar, baz"),
            Case("variable test", "{{#foo}}{{.}} is {{foo}}{{/foo}}", #"{"foo": "bar"}"#, "bar is bar"),
            Case(
                "list contexts",
                "{{#tops}}{{#middles}}{{tname.lower}}{{mname}}.{{#bottoms}}{{tname.upper}}{{mname}}{{bname}}.{{/bottoms}}{{/middles}}{{/tops}}",
                #"{"tops":[{"tname":{"upper":"A","lower":"a"},"middles":[{"mname":"1","bottoms":[{"bname":"x"},{"bname":"y"}]}]}]}"#,
                "a1.A1x.A1y."),
            Case("list", "{{#list}}{{item}}{{/list}}", #"{"list":[{"item":1},{"item":2},{"item":3}]}"#, "123"),
            Case("empty list", "<{{#list}}Yay{{/list}}>", #"{"list":[]}"#, "<>"),
            Case("empty object is there", "<{{#o}}Yay{{/o}}>", #"{"o":{}}"#, "<Yay>"),
            Case(
                "doubled", "{{#b}}\n* first\n{{/b}}\n* {{two}}\n{{#b}}\n* third\n{{/b}}\n", #"{"b":true,"two":"second"}"#,
                "* first\n* second\n* third\n"),
            Case("nested", "| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", #"{"b":true}"#, "| A B C D E |"),
            Case("nested, false inside", "| A {{#b}}B {{#c}}C{{/c}} D{{/b}} E |", #"{"b":true}"#, "| A B  D E |"),
            Case("implicit iterator", "\"{{#list}}({{.}}){{/list}}\"", #"{"list":["a",1,2.20]}"#, "\"(a)(1)(2.20)\""),
            Case("lists in lists", "{{#list}}({{#.}}{{.}}{{/.}}){{/list}}", #"{"list":[[1,2],[],["b"]]}"#, "(12)()(b)"),
            Case("root list member", "{{#a.b.c}}x{{/a.b.c}}", #"{"a":{"b":{"c":true}}}"#, "x"),
            Case("broken chain", "<{{#a.b.c}}x{{/a.b.c}}>", #"{"a":{}}"#, "<>"),
            Case("after a list its parent is back", "{{#l}}{{x}}{{/l}}{{x}}", #"{"x":"o","l":[{"x":"i"}]}"#, "io"),
        ])
    func sections(_ test: Case) throws { #expect(try text(test.template, test.variables) == test.result) }

    @Test(
        "an inverted section is written when there is nothing",
        arguments: [
            Case("falsey", "{{^b}}yes{{/b}}", #"{"b": false}"#, "yes"),
            Case("truthy", "<{{^b}}no{{/b}}>", #"{"b": true}"#, "<>"),
            Case("null", "{{^b}}yes{{/b}}", #"{"b": null}"#, "yes"),
            Case("missing", "{{^b}}yes{{/b}}", "{}", "yes"),
            Case("object", "<{{^c}}Hi {{name}}{{/c}}>", #"{"c": {"name": "Joe"}}"#, "<>"),
            Case("list", "<{{^l}}{{n}}{{/l}}>", #"{"l": [{"n":1}]}"#, "<>"),
            Case("empty list", "{{^l}}none{{/l}}", #"{"l": []}"#, "none"),
            Case("either or", "{{#l}}{{.}} {{/l}}{{^l}}none{{/l}}", #"{"l": ["a","b"]}"#, "a b "),
            Case("nested", "| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", #"{"b": false}"#, "| A B C D E |"),
            Case("broken chain", "{{^a.b}}none{{/a.b}}", #"{"a": 1}"#, "none"),
        ])
    func inverted(_ test: Case) throws { #expect(try text(test.template, test.variables) == test.result) }

    @Test(
        "a tag that writes nothing and stands alone takes its line with it",
        arguments: [
            Case("section", "| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n", #"{"b":true}"#, "| This Is\n|\n| A Line\n"),
            Case("indented", "| This Is\n  {{#b}}\n|\n\t{{/b}}\n| A Line\n", #"{"b":true}"#, "| This Is\n|\n| A Line\n"),
            Case("CR LF", "|\r\n{{#b}}\r\n{{/b}}\r\n|", #"{"b":true}"#, "|\r\n|"),
            Case("first line", "  {{#b}}\n#{{/b}}\n/", #"{"b":true}"#, "#\n/"),
            Case("last line", "#{{#b}}\n/\n  {{/b}}", #"{"b":true}"#, "#\n/\n"),
            Case("two on a line stand not alone", " {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", #"{"b":true}"#, " YES\n GOOD\n"),
            Case("two empty ones stand not alone", "a\n{{#b}}{{/b}}\nb", #"{"b":true}"#, "a\n\nb"),
            Case("internal white space stays", " | {{#b}} {{! Important }}\n {{/b}} | \n", #"{"b":true}"#, " |  \n  | \n"),
            Case("surrounding white space stays", " | {{#b}}\t|\t{{/b}} | \n", #"{"b":true}"#, " | \t|\t | \n"),
            Case("inverted", "| This\n{{^b}}\n|\n{{/b}}\n| A Line", #"{"b":false}"#, "| This\n|\n| A Line"),
            Case("comment", "Begin.\n  {{! Comment }}\nEnd.\n", "{}", "Begin.\nEnd.\n"),
            Case("comment of two lines", "Begin.\n{{!\nSomething's going on here...\n}}\nEnd.\n", "{}", "Begin.\nEnd.\n"),
            Case("comment, CR LF", "|\r\n{{! x }}\r\n|", "{}", "|\r\n|"),
            Case("comment alone", "  {{! x }}", "{}", ""),
            Case("comment in a line", "  12 {{! 34 }}\n", "{}", "  12 \n"),
            Case("comment between", "12345{{! Comment Block! }}67890", "{}", "1234567890"),
            Case("delimiters", "Begin.\n{{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"),
            Case("delimiters in a line", "| {{= @   @ =}} |", "{}", "|  |"),
        ])
    func standalone(_ test: Case) throws { #expect(try text(test.template, test.variables) == test.result) }

    @Test(
        "delimiters can be changed and changed back",
        arguments: [
            Case("pair", "{{=<% %>=}}(<%text%>)", #"{"text":"Hey!"}"#, "(Hey!)"),
            Case("special characters", "({{=[ ]=}}[text])", #"{"text":"It worked!"}"#, "(It worked!)"),
            Case("literal braces", "{{=<% %>=}}{{x}} <%x%> <%={{ }}=%>{{x}}", #"{"x":1}"#, "{{x}} 1 1"),
            Case(
                "sections", "[\n{{#s}}\n  {{d}}\n  |d|\n{{/s}}\n\n{{= | | =}}\n|#s|\n  {{d}}\n  |d|\n|/s|\n]\n",
                #"{"s":true,"d":"I"}"#,
                "[\n  I\n  |d|\n\n  {{d}}\n  I\n]\n"),
        ])
    func delimiters(_ test: Case) throws { #expect(try text(test.template, test.variables) == test.result) }
}
