#!/usr/bin/env python3
# make-vectors.py: writes vectors.txt, what Python's Jinja2 makes of many small templates.
#
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Usage: make-vectors.py > vectors.txt   (needs python3-jinja2; the tests do not)
#
# Each case is a line "template: ..." and a line "text: ..." (what it renders to), "error: ..." (it fails with that message) or
# "fails: ..." (it fails; how Python says so is not compared). Lines are escaped as C strings are. The variables are those of
# context() below, which test-vectors.c builds as well.
import itertools
import json
import sys

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError, UndefinedError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller):
        return caller()


class Raised(Exception):
    pass


def raise_exception(message):
    raise Raised(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


def context():
    return {
        "s": "Hello World",
        "u": "Größe ñandú 你好 😀",
        "i": 7,
        "f": 2.5,
        "t": True,
        "n": None,
        "l": [3, 1, 2],
        "e": [],
        "w": ["pear", "Apple", "fig", "apple"],
        "d": {"b": 1, "a": [2, 3], "items": "x"},
        "users": [
            {"name": "Ann", "age": 31, "tags": ["x", "y"], "ok": True},
            {"name": "bob", "age": 25, "tags": [], "ok": False},
            {"name": "Cid", "age": 31, "tags": ["z"], "ok": True},
        ],
        "html": "<a href=\"x\">'&'</a>",
        "lines": "one\n two\n\nthree\n",
    }


# Expressions, one case each.
EXPRESSIONS = r"""
1 + 2 * 3
(1 + 2) * 3
7 // 2
-7 // 2
7 % 3
-7 % 3
7 % -3
7 / 2
6 / 3
2 ** 10
2 ** -1
-2 ** 2
2 ** 3 ** 2
1.5 + 1
1e3
1e16
1.0
0.1 + 0.2
1e-7
100000000000000000.0
3.0 // 2
-3.5 % 2
3.5 % -2
7.5 // -2
1 // 0
1 / 0
1 % 0
1.0 / 0
true + 1
1_000 + 0x1F + 0o17 + 0b101
-i
+i
--i
-s
not i
not e
not n
i and s
e or 'x'
n or 0 or ''
1 if t
1 if not t
(1 if not t) is defined
1 if t else 2
1 if n else 2 if t else 3
1 < 2 < 3
1 < 2 > 3
1 == 1.0
1 == true
'a' < 'b'
'a' < 1
n < 1
n == none
[1, 2] == [1, 2]
[1, 2] < [1, 3]
(1, 2) == [1, 2]
{'a': 1} == {'a': 1.0}
{'a': 1, 'b': 2} == {'b': 2, 'a': 1}
1 in [1, 2]
1 not in [1, 2]
'ell' in s
1 in s
'a' in d
'z' in d
'x' in undefined_thing
1 in n
1 in 5
'a' ~ 1 ~ none ~ 2.0 ~ true ~ [1, 'x']
'a' 'b' "c"
'a' + 'b'
'a' + 1
1 + 'a'
[1] + [2]
[1] + (2,)
(1,) + (2,)
[1] + 'a'
n + 1
'ab' * 3
3 * 'ab'
'ab' * -1
[1, 2] * 2
'ab' * 'c'
'a' - 'b'
[]
[1,]
()
(1,)
(1)
1, 2
{}
{'a': 1, 2: 'b', none: [], 1.5: (1, 2), true: {}}
{[1]: 2}
[1, 2.0, 'x', none, true, [], {}, ()]
['it\'s', "say \"hi\"", 'both \' and "', 'tab\t', 'nl\n', 'bs\\']
['\x00\x7f', '\u00e9', '\u200b', '\u2028', '😀', '\xa0', '\xad']
'\x41\u00e9\U0001F600\101\q\'\"\a'|tojson
'a\
b'
s[0]
s[-1]
s[20]
s[20] is defined
s[1:4]
s[:5]
s[6:]
s[::-1]
s[::2]
s[-3:-1]
s[5:2]
s[100:]
s[-100:3]
s[8:2:-2]
s[::0]
s['x']
u[0]
u[-1]
u[::-1]
u[6:11]
l[0]
l[-1]
l[5]
l[0:2]
l[::-1]
l[1:]
l[:-1]
l['a']
l[1.0]
l[true]
n[0]
n[0:1]
i[0]
i[0:1]
d[0:1]
d.a
d['a']
d.a[1]
d.a.1
d.zz
d.zz is defined
d.zz.y
d['zz']
d[['x']]
d.items
d['items']
d.items()
d.keys()
d.values()
d.items()|list
d.keys()|list
d.values()|list
d.keys()[0]
d.get('a')
d.get('zz')
d.get('zz', 5)
d.get([1])
d.get('zz').x
d.copy()
d.pop('a')
d.update({'x': 1})
d.clear
l.append(4)
l.append
l.pop()
l.sort()
l.index(1)
l.index(9)
l.count(3)
l.copy()
(1, 2, 1).count(1)
(1, 2).index(2)
(1, 2).copy()
s.__class__
s.__class__.__mro__
s.__class__ is defined
[].__len__()
s.nope
s.nope.more
s.nope()
undefined_thing
undefined_thing.x
undefined_thing['x']
undefined_thing[0:1]
undefined_thing()
undefined_thing + 1
1 + undefined_thing
'a' + undefined_thing
'a' ~ undefined_thing
-undefined_thing
undefined_thing == 1
undefined_thing == undefined_other
undefined_thing < 1
undefined_thing|length
undefined_thing|list
undefined_thing|upper
undefined_thing|int
undefined_thing|tojson
undefined_thing|default('x')
undefined_thing|join(',')
undefined_thing or 'y'
undefined_thing is undefined
undefined_thing is iterable
undefined_thing is sequence
undefined_thing is string
undefined_thing is none
undefined_thing is callable
d.zz|default('x')
d.zz|d('x')
n|default('x')
n|default('x', true)
''|default('x', boolean=true)
s()
5()
s|nofilter
s is notest
s|upper|lower|title
s.upper()
s.lower()
s.title()
s.capitalize()
s.swapcase()
'hELLO wORLD'.capitalize()
"they're bill's".title()
"they're bill's friends-from (the) [uk] <x>"|title
'ß'.upper()
'straße'|upper
'ΑΣ ΣΑΣ'.lower()
u.upper()
u|length
u|capitalize
'ǆ'.title()
'  x '.strip()
'  x '.lstrip() ~ '|'
'  x '.rstrip() ~ '|'
'xxaxx'.strip('x')
'abcba'.strip('ab')
'abc'.lstrip('ba')
'abc'.rstrip('bc')
'xay'.strip('')
'\u00a0\u2003 a \u3000'.strip()
'\x1c a'.strip()
'  x '|trim
'xxaxx'|trim('x')
'a,b,,c'.split(',')
'a,b,,c'.split(',', 1)
'a,b,,c'.rsplit(',', 1)
'a b  c '.split()
' a b  c '.split(none, 1)
' a b  c '.rsplit(none, 1)
'a b  c '.split(' ')
'a  b'.split(maxsplit=1)
'abc'.split('')
'abc'.split(1)
''.split()
''.split(',')
'aXXbXXc'.split('XX')
'aXXbXXc'.rsplit('XX')
'aXXbXXc'.rsplit('XX', 1)
'<think>a</think>b'.split('</think>')[-1].lstrip('\n')
lines.splitlines()
lines.splitlines(true)
'a\r\nb\rc\x0bd\x0ce\x85f'.splitlines()
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('=')
'abc'.rpartition('=')
'abc'.startswith('ab')
'abc'.startswith('bc', 1)
'abc'.startswith(('x', 'a'))
'abc'.startswith(['x'])
'abc'.startswith('')
'abc'.startswith('', 4)
'abc'.endswith('bc')
'abc'.endswith(('x', 'c'))
'abc'.endswith('ab', 0, 2)
'abc'.removeprefix('a')
'abc'.removesuffix('bc')
'abc'.removesuffix('x')
'hello'.find('l')
'hello'.find('l', 3)
'hello'.find('z')
'hello'.find('')
'hello'.find('', 9)
'hello'.rfind('l')
'hello'.rfind('h', 1)
'hello'.index('z')
'hello'.index('o')
'héllo'.find('l')
'hello'.count('l')
'hello'.count('')
'aaaa'.count('aa')
'aaaa'.replace('a', 'b')
'aaaa'.replace('a', 'b', 2)
'aaaa'.replace('aa', '')
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
'abc'.replace('b', 1)
'abc'|replace('b', 1)
'abc'|replace('b', 'x', 0)
12321|replace(2, 'x')
'abc'.center(10) ~ '|'
'abcd'.center(9, '*')
'abc'.center(8, '*')
'abc'.center(2)
'abc'|center(9) ~ '|'
'abc'.ljust(6, '.')
'abc'.rjust(6, '.')
'abc'.rjust(6, 'xy')
'-42'.zfill(6)
'42'.zfill(5)
''.zfill(3)
'a\tb'.expandtabs()
'a\tb'.expandtabs(4)
'abc'.isalpha()
'a1'.isalpha()
''.isalpha()
'a1'.isalnum()
'12'.isdigit()
'²'.isdigit()
'½'.isnumeric()
'²'.isdecimal()
' \n'.isspace()
'ABC'.isupper()
'aBC'.islower()
'A1'.isupper()
'12'.isupper()
'Hello World'.istitle()
'Hello world'.istitle()
'abc'.isascii()
', '.join(['a', 'b'])
', '.join([1])
', '.join('abc')
', '.join({'x': 1, 'y': 2})
'-'.join([])
'{} and {}'.format(1, 'x')
'{0}{1}{0}'.format('a', 'b')
'{name!r:>6}'.format(name='x')
'{:>6}|{:<6}|{:^6}'.format('a', 'b', 'c')
'{:*^9}'.format('mid')
'{:05d}|{:+d}|{: d}'.format(42, 42, 42)
'{:x} {:X} {:o} {:b} {:#x}'.format(255, 255, 8, 5, 255)
'{:,} {:_}'.format(1234567, 1234567)
'{:.2f} {:8.3f}|{:e}'.format(3.14159, 2.5, 12345.678)
'{:.3}'.format('abcdef')
'{:%}'.format(0.25)
'{:g} {:g}'.format(0.00001, 1000000.0)
'{a.b} {c[0]}'.format(a={'b': 1}, c=[5])
'{u[name]}'.format(u=users[0])
'{{}}'.format()
'{'.format()
'}'.format()
'{}'.format()
'{x}'.format()
'{:d}'.format('x')
'{:{w}}|'.format('a', w=4)
'{} {}'.format(none, [1, 'a'])
'{!r}'.format('a')
'{:5}|'.format(true)
'{0} {}'.format(1, 2)
'{a}'.format_map({'a': 1})
'%s and %s' % ('a', 1)
'%s' % 'a'
'%s' % [1, 2]
'%d' % 3.7
'%5d|%-5d|%05d|%+d' % (42, 42, 42, 42)
'%x %X %o %#x' % (255, 255, 8, 255)
'%.2f %8.3f|%e %g' % (3.14159, 2.5, 12345.678, 0.0001)
'%r %s' % ('a', none)
'%(a)s %(b)d' % {'a': 'x', 'b': 2}
'%%' % ()
'%c%c' % ('a', 66)
'%.2s|%5s|%-5s|' % ('abc', 'a', 'b')
'%*d' % (5, 42)
'%s' % ()
'%s' % (1, 2)
'abc' % 1
'%d' % 'x'
'%y' % 1
'%s, %s!'|format('Hello', 'World')
'%(x)s'|format(x=5)
l|sort
l|sort(reverse=true)
w|sort
w|sort(case_sensitive=true)
w|sort(true, true)
users|sort(attribute='age')|map(attribute='name')|list
users|sort(attribute='age,name', reverse=true)|map(attribute='name')|list
[1, 'a']|sort
[3, none]|sort
l|min
l|max
w|min
w|max
e|min
users|max(attribute='age')
l|sum
l|sum(start=10)
users|sum(attribute='age')
[[1], [2]]|sum(start=[])
['a']|sum
e|sum
l|first
l|last
e|first
e|last
e|first is defined
s|first
s|last
d|first
d|last
l|length
d|length
d|count
i|length
n|length
l|reverse|list
l|reverse
s|reverse
u|reverse
d|reverse|list
i|reverse
l|list
s|list
d|list
i|list
'ab'|list|reverse|list
l|join
l|join(', ')
l|join(', ') ~ '!'
users|join('; ', attribute='name')
users|map(attribute='name')|join(', ')
users|map(attribute='nope', default='-')|join(', ')
users|map(attribute='tags.0')|list
users|map(attribute='tags.0', default='?')|list
w|map('upper')|list
w|map('replace', 'p', 'q')|list
l|map('string')|list
l|map('nofilter')|list
l|map
w|map('length')|sum
users|selectattr('ok')|map(attribute='name')|list
users|rejectattr('ok')|map(attribute='name')|list
users|selectattr('age', 'gt', 30)|list|length
users|selectattr('age', 'equalto', 25)|map(attribute='name')|first
users|selectattr('age', '==', 25)|map(attribute='name')|first
users|selectattr('name', 'in', ['Ann', 'Cid'])|map(attribute='name')|list
users|selectattr('nope', 'defined')|list
users|rejectattr('nope', 'undefined')|list
users|selectattr('nope')|list
[1, 2, 3, 4]|select('odd')|list
[1, 2, 3, 4]|reject('odd')|list
[1, 2, 3, 4]|select('divisibleby', 2)|list
[0, 1, '', 'a', none]|select|list
[0, 1, '', 'a', none]|reject|list
l|select
l|map('upper') is iterable
l|map('upper')|length
[1, 2, 1, 'a', 'A']|unique|list
[1, 2, 1, 'a', 'A']|unique(true)|list
users|unique(attribute='age')|map(attribute='name')|list
[[1]]|unique|list
users|groupby('age')
users|groupby('age')|map(attribute='grouper')|list
users|groupby('age')|map('last')|map('length')|list
(users|groupby('age'))[0].list|length
users|groupby('nope', default='-')|length
[1, 2, 3, 4, 5]|batch(2)|list
[1, 2, 3, 4, 5]|batch(2, 'x')|list
[1, 2, 3, 4, 5]|slice(2)|list
[1, 2, 3, 4, 5]|slice(3, 'x')|list
d|items|list
d|items
undefined_thing|items|list
l|items
d|dictsort
{'B': 1, 'a': 2, 'C': 0}|dictsort
{'B': 1, 'a': 2, 'C': 0}|dictsort(true)
{'B': 1, 'a': 2, 'C': 0}|dictsort(by='value')
{'B': 1, 'a': 2, 'C': 0}|dictsort(false, 'key', true)
l|dictsort
'5'|int
'5.7'|int
' 42 '|int
'abc'|int
'abc'|int(9)
'0x1f'|int(base=16)
'ff'|int(0, 16)
'1_000'|int
'-12'|int
'+3'|int
'1e3'|int
''|int
n|int
[1]|int
3.9|int
-3.9|int
true|int
'inf'|int
'0b11'|int(base=0)
'2.5'|float
'abc'|float
'abc'|float(1.5)
'1e3'|float
'inf'|float
'nan'|float
' 1_0.5 '|float
n|float
5|float
-5|abs
-5.5|abs
'a'|abs
2.5|round
3.5|round
2.567|round(2)
2.55|round(1)
2.1|round(0, 'ceil')
2.9|round(method='floor')
1234|round(-2)
1250.0|round(-2)
42|round
42|round(1, 'floor')
0.5|round|string
-0.4|round
1|string
1.0|string
none|string
true|string
[1, 'a']|string
1|filesizeformat
1000|filesizeformat
1500000|filesizeformat
1048576|filesizeformat(true)
'abc'|length
html|escape
html|e|upper
(html|e) + '<b>'
'<b>' + (html|e)
(html|safe) + '<b>'
html|safe|escape
html|forceescape
html|safe|forceescape
[html|safe]
(html|safe) ~ '<b>'
html|safe is escaped
html is escaped
'a b/c?d=é&'|urlencode
lines|indent
lines|indent(2, true)
lines|indent(2, blank=true)
lines|indent('> ')
lines|indent(width=2, first=true, blank=true)
''|indent(first=true)
'a'|indent
'foo bar baz qux'|truncate(9)
'foo bar baz qux'|truncate(9, true)
'foo bar baz qux'|truncate(11)
'foo bar baz qux'|truncate(11, leeway=0)
'foo bar baz qux'|truncate(9, false, '…')
'foo bar'|truncate(2)
'foo bar-baz, qux_1'|wordcount
d|attr('items')
s|attr('upper')()
d|attr('a')
d|attr('a') is defined
d|tojson
d|tojson(indent=2)
d|tojson(indent=0)
d|tojson(indent='\t')
d|tojson(separators=(',', ':'))
d|tojson(sort_keys=true)
d|tojson(indent=4, sort_keys=true, separators=(', ', ' : '))
users|tojson
[1, 1.0, 1e20, none, true, '"\\/\n\r\t\b\f\x01\x7f', 'é😀']|tojson
'é😀\u2028'|tojson(ensure_ascii=true)
'é😀'|tojson(true)
{1: 2, 1.5: 3, none: 4, true: 5}|tojson
{(1, 2): 3}|tojson
(1, (2,))|tojson
[]|tojson(indent=2)
[[], {}]|tojson(indent=2)
'inf'|float|tojson
l|map('string')|tojson
d.items()|tojson
range(3)|tojson
namespace()|tojson
html|tojson
html|safe|tojson
i is number
f is number
t is number
s is number
i is integer
t is integer
f is integer
f is float
i is float
s is string
l is string
l is sequence
d is sequence
s is sequence
i is sequence
l|map('string') is sequence
range(3) is sequence
d is mapping
l is mapping
l is iterable
s is iterable
i is iterable
d is iterable
n is none
n is not none
n is defined
t is true
t is false
t is boolean
n is boolean
1 is true
0 is false
i is odd
i is even
i is divisibleby 7
i is divisibleby(2)
i is eq 7
i is ne 7
i is gt 6
i is lt(6)
i is ge 7
i is le 6
i is greaterthan 3
i is lessthan 3
i is equalto 7
i is in [7]
i is not in [7]
'a' is in 'abc'
i is sameas 7
n is sameas none
s is sameas 'Hello World'
s is lower
s is upper
'ABC' is upper
'abc' is lower
range is callable
s is callable
s.upper is callable
'upper' is filter
'nope' is filter
'odd' is test
'nope' is test
i is defined and s is defined
not i is defined
i is not defined or t
i is odd is defined
s is string and s|length > 3
range(5)
range(5)|list
range(1, 5)|list
range(5, 0, -2)|list
range(5, 0, -2)
range(0)|list
range(3)[1]
range(3)[-1]
range(10)[2:4]
range(3)|length
2 in range(3)
range(1, 2, 0)
range('a')
range(100001)
range(100000)|length
dict(a=1, b=2)
dict({'x': 1}, y=2)
dict([['a', 1]])
namespace(a=1).a
namespace({'a': 1}, b=2).b
namespace().zz
namespace(a=1)['a']
raise_exception('my own message')
raise_exception(5)
cycler('a', 'b').next()
joiner(', ')() ~ joiner('; ')()
(1, 2)[0]
[1, 2][-1]
{'a': {'b': [1, {'c': 'deep'}]}}.a.b[1].c
'a.b.c'.split('.')[1:]|join('-')|upper
users[0].name ~ ' ' ~ users[-1]['name']
users|map(attribute='name')|map('lower')|sort|join(' ')
(users|length > 2 and 'many') or 'few'
"a" if "a" in "abc" else "b"
[x for x in l]
1 +
(1
]
'open
1 2
a.
a|
a is
{'a' 1}
@
a b
not
[1, 2
{% x
i.real
s.upper().lower().title()|replace('o', '0')|list|first
'x'|default
5|string|length
1 if 2 if 3 else 4 else 5
l[1] if l[1] is defined else 'none'
'%s' % n
'a\nb'|replace('\n', '\\n')
u.split(' ')|map('length')|list
u.find('你')
u.index('😀')
u.replace('ñ', 'n')
u|upper|tojson
u.center(30, '·')
"x" "y"|upper
-1|abs
- 1|abs
not true and false
not (true and false)
true or raise_exception('lazy')
false and raise_exception('lazy')
1 if true else raise_exception('lazy')
'a' not in 'abc'
1 + 2 ~ 3 * 4
'1' ~ 2 + 3
2 * 3 ~ 4
10 - 2 - 3
100 / 10 / 2
7 // 2 * 2
1 == 1 == 1
'b' in ['a', 'b'] and 'c' not in ['a']
none is none
None is none
True == true
FALSE
9223372036854775807
-9223372036854775807 - 1
1.7976931348623157e308 * 10
1e308 * 1e308 - 1e308 * 1e308
0.1 * 3
123456789.123456789
5e-324
1.0e2
1.5e-5
12345678901234567.0
n|map('upper')|list
n|select('odd')|list
i|selectattr('x')|list
0|map(attribute='x')|list
5|truncate(3)
l|truncate(5)
l|truncate(2, leeway=0)
undefined_thing|truncate(3)
5|indent
l|indent
undefined_thing|indent
'abc'|filesizeformat
n|filesizeformat
html|safe|list|first
(html|safe)[0:2]
(html|safe).nope.x
namespace().nope.x
'' % l
'' % d
'' % range(3)
'' % undefined_thing
'' % 5
range(4).count(1)
range(4).index(2)
' a b  c '.split(none, 1)
' a b  c '.rsplit(none, 1)
""".strip("\n").split("\n")

# Whole templates.
TEMPLATES = [
    "a\n", "a\n\n", "\n", "", "a\r\nb\rc\n", "{{ 'x' }}\n", "{{ 'x' }}\n\n",
    "{% if true %}\na\n{% endif %}\nb",
    "  {% if true %}\n  a\n  {% endif %}\n  b",
    "x {% if true %}\na{% endif %} y",
    "  {%- if true %} a {%- endif %}  b",
    "  {%+ if true %} a {%+ endif %}  b",
    "  {% if true -%}  \n  a  {% endif -%}  \n b",
    "{% if true +%}\na{% endif +%}\nb",
    "a  \n  {{- 'x' -}}  \n  b",
    "a\n  {{ 'x' }}\n  b",
    "a {{+ 'x' }} b",
    "  {# c #}\nb", "a {#- c -#} b", "a {# c #}\n\nb", "  {# a #}{# b #}\nx", "{#+ c +#}\nx", "{# {{ x }} {% if %} #}y",
    "\t{% set x = 1 %}\t{{ x }}", "   {% set x = 1 %}   \n{{ x }}", "a\n   {% set x = 1 %}\n   b\n",
    "{% raw %}{{ x }} {% if %}{% endraw %}!", "{% raw -%}\n  {{ x }}\n{%- endraw %}\n!", "  {% raw %}\n  x\n  {% endraw %}\ny",
    "{%- raw -%} a {%- endraw -%} b", "{% raw %}{% raw %}{% endraw %}",
    "{% raw %}", "{# x", "{{ x", "{% if x", "{{ }}", "{% %}", "{% if true %}", "{% endif %}", "{% else %}",
    "{% for x in l %}{% endif %}", "{% if true %}{% endfor %}", "{% unknown %}", "{% if %}a{% endif %}",
    "{{ {'a': {'b': 1}}['a']['b'] }}", "{{ '}}' }}", "{{ \"{{\" }}", "{{ [[1]] }}", "{% if '%}' == '%}' %}y{% endif %}",
    "{", "{ {", "{a}", "{{{'a': 1}}}", "a { b } c {% raw %}{{{% endraw %}", "{{ '{' }}{", "%}", "}}", "#}",
    "{% if i == 7 %}a{% elif i == 8 %}b{% else %}c{% endif %}",
    "{% if i == 8 %}a{% elif i == 7 %}b{% else %}c{% endif %}",
    "{% if n %}a{% elif e %}b{% else %}c{% endif %}", "{% if n %}a{% elif e %}b{% endif %}",
    "{% for x in l %}{{ x }}{% endfor %}", "{% for x in l %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in e %}{{ x }}{% else %}none{% endfor %}", "{% for x in undefined_thing %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in 5 %}{% endfor %}", "{% for x in n %}{% endfor %}", "{% for c in 'héy' %}{{ c }}.{% endfor %}",
    "{% for k in d %}{{ k }},{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k, v in d|dictsort %}{{ k }}={{ v }};{% endfor %}", "{% for a, b in [[1, 2], (3, 4), 'xy'] %}{{ a }}{{ b }} {% endfor %}",
    "{% for a, b in [[1]] %}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for (a, b) in [[1, 2]] %}{{ a }}{{ b }}{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
    "{% for x in l if x > 9 %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem is defined }} {{ loop.nextitem is defined }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem.x }}{% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}",
    "{% for x in l %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}", "{% for x in l %}{{ loop.nope }}{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for x in l %}{% set o = loop %}{% for y in [1] %}{{ o.index }}{% endfor %}{% endfor %}", "{{ loop }}",
    "{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}[{{ loop(x) }}]{% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
    "{% for x in l %}{{ loop(x) }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "{% for x in l %}{% break %}{% else %}none{% endfor %}", "{% break %}", "{% continue %}",
    "{% for x in [1, 2] %}{% for y in [1, 2, 3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
    "{% for x in range(3) %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% for i in l %}{% set y = i %}{% endfor %}{{ y is defined }}", "{% if true %}{% set y = 1 %}{% endif %}{{ y }}",
    "{% set ns = namespace(n=0) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}{{ ns.y }}{{ ns.y is defined }}",
    "{% set ns.x = 1 %}", "{% set x = {} %}{% set x.y = 1 %}", "{% set d.z = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a, b = [1] %}", "{% set a = 1, 2 %}{{ a }}", "{% set (a, b) = (1, 2) %}{{ b }}",
    "{% set x %}a{{ i }}b{% endset %}[{{ x }}]", "{% set x | upper | trim %} abc {% endset %}[{{ x }}]",
    "{% set x %}{% set y = 1 %}{% endset %}{{ y is defined }}", "{% set 1 = 2 %}", "{% set x.y.z = 1 %}", "{% set x %}",
    "{% set x = 1 %}{% set x = x + 1 %}{{ x }}", "{% set s = 'new' %}{{ s }}", "{{ s }}{% set s = 'new' %}{{ s }}",
    "{% for s in l %}{{ s }}{% endfor %}{{ s }}", "{% set range = 5 %}{{ range }}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z is defined }}",
    "{% set a = 5 %}{% with a = 1, b = a %}{{ b }}{% endwith %}", "{% with a, b = [1, 2] %}{{ b }}{% endwith %}",
    "{% filter upper %}abc {{ s }}{% endfilter %}", "{% filter replace('a', 'b')|upper %}banana{% endfilter %}",
    "{% filter indent(2) %}a\nb{% endfilter %}", "{% filter nope %}a{% endfilter %}",
    "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }} {{ m() }}",
    "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}", "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}", "{% macro m() %}x{% endmacro %}{{ m(1) }}",
    "{% macro m() %}x{% endmacro %}{{ m(a=1) }}", "{% macro m(a) %}x{% endmacro %}{{ m(1, a=1) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, a=3) }}", "{% macro m(a) %}{{ varargs|join('+') }}{% endmacro %}{{ m(1, 2, 3) }}",
    "{% macro m(a) %}{{ kwargs.items()|list }}{% endmacro %}{{ m(a=1, b=2) }}",
    "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m %}{% endmacro %}",
    "{% macro m() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ m() }}", "{% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
    "{% macro m() %}{{ q }}{% endmacro %}{% for q in l %}{{ m() }}{% endfor %}|",
    "{% for q in l %}{% macro m() %}{{ q }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% macro f(n) %}{% if n > 1 %}{{ n * (f(n - 1)|int) }}{% else %}1{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "{{ a() }}{% macro a() %}A{% endmacro %}",
    "{% macro m() %}  x  {% endmacro %}[{{ m() }}][{{ m()|trim }}]", "{% macro m() %}a{% endmacro %}{{ m() + 'b' }}{{ m()|upper }}{{ m() is string }}",
    "{% macro m() -%}\n  x\n{%- endmacro %}[{{ m() }}]", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m.name }}{{ m.arguments }}",
    "{% macro m() %}({{ caller() }}){% endmacro %}{% call m() %}in{% endcall %}",
    "{% macro m() %}{% for x in l %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(v) m() %}<{{ v }}>{% endcall %}",
    "{% macro m() %}({{ caller() }}){% endmacro %}{{ m() }}", "{% macro m() %}x{% endmacro %}{% call m() %}in{% endcall %}",
    "{% macro m(a) %}{{ a }}{{ caller(1, 2) }}{% endmacro %}{% call(x, y=5) m('A') %}{{ x }}{{ y }}{{ s }}{% endcall %}",
    "{% call 5 %}{% endcall %}", "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}",
    "{{ m(*[1, 2]) }}{% macro m() %}{% endmacro %}", "{% macro m(a, b, c=0) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(1, **{'b': 5, 'c': 6}) }}{{ m(*'xy', **{}) }}",
    "{{ dict(**{'a': 1}) }}", "{{ dict(**5) }}", "{{ range(*[1, 4])|list }}",
    "{% generation %}a{{ s }}{% endgeneration %}b", "{% generation %}{% set q = 1 %}{% endgeneration %}{{ q is defined }}",
    "  {% generation %}\n  a\n  {% endgeneration %}\nb", "{% print 1, 'a', l %}", "{% print(s) %}",
    "{% set it = l|map('string') %}{{ it|join }}{{ it|join }}", "{% set it = l|reverse %}{% for x in it %}{{ x }}{% endfor %}{% for x in it %}{{ x }}{% endfor %}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}",
    "{% set j = joiner('|') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}",
    "{% for g in users|groupby('age') %}{{ g.grouper }}:{% for u in g.list %}{{ u.name }} {% endfor %}{% endfor %}",
    "{% for a, us in users|groupby('age') %}{{ a }}={{ us|map(attribute='name')|join('+') }};{% endfor %}",
    "{% for r in [1, 2, 3, 4]|batch(3, '-') %}{{ r|join(',') }};{% endfor %}",
    "{% for x in l|sort %}{{ x }}{% endfor %}", "{% for x in l[::-1] %}{{ x }}{% endfor %}", "{% for i in range(l|length) %}{{ l[i] }}{% endfor %}",
    "{% for x in (1, 2), (3, 4) %}{{ x }}{% endfor %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for x in [] if true else [1] %}{% endfor %}",
    "{% for x in (l if t else []) %}{{ x }}{% endfor %}", "{% if (1, 2) %}y{% endif %}", "{% if 1 in l and 2 in l %}y{% endif %}",
    "{% if not (i is defined and n) %}y{% endif %}", "{% if users[0].name == 'Ann' and users[0]['age'] > 30 %}y{% endif %}",
    "{{ 'a' if true }}{{ 'b' if false }}|", "{{ ('b' if false).x }}", "{% set x = 'b' if false %}{{ x is defined }}",
    "line one\n{{ 1 + }}\n", "a\nb\n{% if %}{% endif %}", "{{ raise_exception('stop: ' ~ i) }}", "a{{ raise_exception('né') }}b",
    "{% if false %}{{ s|nofilter }}{% endif %}ok", "{% if false %}{{ s is nope }}{% endif %}ok",
    "{%- for m in users -%}\n    {{- '<|' + m['name'] + '|>\\n' }}\n    {%- if loop.last %}\n        {{- 'end' }}\n    {%- endif %}\n{%- endfor %}\n",
    "{% for m in users %}\n  {% if m.ok %}\n    {{ m.name }}\n  {% endif %}\n{% endfor %}\n",
    "{%if true%}a{%endif%}", "{%-if true-%} a {%-endif-%} b", "{{s}}{{-s-}}{{s}}", "{{ 1}}{{2 }}",
    "{% set x = namespace(a=[1]) %}{% set x.a = x.a + [2] %}{{ x.a }}", "{% set x = namespace(a=1) %}{{ x.a }}{% for i in l %}{% set x.a = i %}{% endfor %}{{ x.a }}",
    "{% macro show(o, depth=0) %}{% for k, v in o.items() %}{{ '  ' * depth }}{{ k }}{% if v is mapping %}\n{{ show(v, depth + 1) }}{% else %}={{ v }}\n{% endif %}{% endfor %}{% endmacro %}{{ show({'a': 1, 'b': {'c': 2, 'd': {'e': 3}}}) }}",
    "{% set tools = [{'name': 'f', 'parameters': {'type': 'object', 'properties': {'x': {'type': 'string'}}}}] %}{% for tool in tools %}{{ tool | tojson(indent=4) }}\n{% endfor %}",
    "{{ (['a'] + ['b'])|join }}{{ ([1, 2] + [3])[-1] }}{{ {'a': 1}.get('b', {}).get('c', 'deep') }}",
    "{{ 'a' | replace ( 'a' , 'b' ) }}{{ s . upper ( ) }}{{ l [ 0 ] }}", "{{ s.split(' ') | first | lower }}{{ s.split()[1] | upper }}",
    "{% set content = '<think>\\nr\\n</think>\\n\\na' %}{% set r = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}{{ r }}|{{ content.split('</think>')[-1].lstrip('\\n') }}",
    "{{ l.append(1) or '' }}", "{% set _ = d.update({'a': 1}) %}", "{{ 'x' * 3 ~ '-' * 2 }}", "{{ 'x'|e ~ '<' }}", "{{ '<'|e }}",
    "a\n{%- if true %}\nb\n{%- endif %}\nc", "a\n\n  {%- if true -%}\n\n b \n\n{%- endif -%}\n\nc", "{% if true %}  \na{% endif %}", "{% if true %}\n\na{% endif %}",
    "  {% if true %}a{% endif %}  {% if true %}b{% endif %}\n", "a {% if true %}\n  b\n  {% endif %} c", "{{ 'a' }}  {% if true %}b{% endif %}",
    "{{ 'a\n' }}  {% if true %}b{% endif %}", "{% if true %}\n  {% if true %}\n    x\n  {% endif %}\n{% endif %}\n", "\u00a0 {% if true %}x{% endif %}", "x\u00a0{%- if true %}y{% endif %}",
    "{% if true -%}\u2003 x{% endif %}", "\ufeff{{ s }}", "{{ '\u00e9'|upper }}\u00e9", "{# \u00e9 #}{{ u }}", "{{ größe }}", "{% set größe = 5 %}{{ größe }}",
]

# Every way of setting signs around a block and a value, with blanks and lines around.
for left, right, before, after in itertools.product(["", "-", "+"], ["", "-", "+"], ["", " ", "\n  "], ["", " \n", "\n\n "]):
    TEMPLATES.append("a%s{%%%s if true %s%%}%sb{%% endif %%}" % (before, left, right, after))
for left, right, before, after in itertools.product(["", "-"], ["", "-"], [" ", "\n  "], [" \n", "\n\n "]):
    TEMPLATES.append("a%s{{%s 1 %s}}%sb" % (before, left, right, after))
    TEMPLATES.append("a%s{#%s 1 %s#}%sb" % (before, left, right, after))

# What the tests check in another way: too large for 64 bits on purpose, or known to differ (see the comments in test-vectors.c).
LEFT_OUT = {"i.real", "1e308 * 1e308 - 1e308 * 1e308"}


def escape(text):
    out = []
    for char in text:
        if char == "\\":
            out.append("\\\\")
        elif char == "\n":
            out.append("\\n")
        elif char == "\r":
            out.append("\\r")
        elif char == "\t":
            out.append("\\t")
        elif ord(char) < 32 or ord(char) == 127:
            out.append("\\%03o" % ord(char))
        elif ord(char) in (0x85, 0x2028, 0x2029, 0xFEFF) or char.isspace() and char != " ":
            out.append("".join("\\%03o" % byte for byte in char.encode()))
        else:
            out.append(char)
    return "".join(out)


def outcome(env, template):
    try:
        return "text", env.from_string(template).render(**context())
    except (Raised, UndefinedError, SecurityError) as error:
        return "error", str(error)
    except Exception as error:  # noqa: BLE001: whatever Python says
        return "fails", "%s: %s" % (type(error).__name__, error)


def main():
    env = environment()
    print("# Made by make-vectors.py with Jinja2 %s and Python %s." % (jinja2.__version__, sys.version.split()[0]))
    templates = ["{{ %s }}" % expression for expression in EXPRESSIONS if expression not in LEFT_OUT] + TEMPLATES
    for template in templates:
        kind, result = outcome(env, template)
        if kind == "text" and (" object " in result or "<function" in result or "<built-in" in result):
            continue  # an address, or the name of a Python class
        print("template: %s\n%s: %s" % (escape(template), kind, escape(result)))


main()
