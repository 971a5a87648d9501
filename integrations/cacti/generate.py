# SPDX-License-Identifier: BSD-2-Clause
"""Writes the files for Cacti 1.2: data queries, and a device template with their graphs.

Cacti knows each of its objects by a hash. Those made here depend on names alone, so that a later
version, or another root of the MIB, updates what was imported before.
"""

import collections
import hashlib
import re
import xml.etree.ElementTree as xml

import objects

_NAMESPACE = "tcp-state-agent"

# The beginning of hash_TTVVVV…: the type, and the first version of Cacti that reads this format.
_VERSION = "0103"
_TYPES = {"graph": "00", "data": "01", "device": "02", "data input": "03", "query": "04",
          "cdef": "05", "number format": "06", "input field": "07", "data source": "08",
          "graph item": "10", "query graph": "11", "graph title": "12", "data title": "13",
          "cdef item": "14"}
# Objects of Cacti that every installation has.
_SNMP_QUERY = ("data input", "bf566c869ac6443b0c75d1c32b5a350e")
_INDEX_FIELDS = ("6027a919c7c7731fbe095b6f53ab127b", "cbbe5c1ddfb264a6e5d509ce1c78c95f",
                 "e6deda7be0f391399c5130e7c4a48b28")
_WHOLE_NUMBERS = ("number format", "19414480d6897c8731c7dc6c5310653e")
_TWO_DIGITS = ("number format", "304a778405392f878a6db435afffc1e9")

_GAUGE, _DERIVE = 1, 3
_LINE, _AREA, _STACK, _GPRINT = 4, 7, 8, 9
_AVERAGE, _MAX, _LAST = 1, 3, 4
_CUSTOM_STRING = 6

_COLOURS = {"closed": "9E9E9E", "listen": "546E7A", "synSent": "FDD835", "synReceived": "E53935",
            "established": "43A047", "finWait1": "5E35B1", "finWait2": "AB47BC",
            "closeWait": "FB8C00", "lastAck": "6D4C41", "closing": "EC407A", "timeWait": "1E88E5"}

# Infinite, which fills the graph, where a value that existed before is missing twice in a row,
# because the latest one is always missing. The first occurrence is below the axis.
_MISSING = "CURRENT_DATA_SOURCE,UN,PREV,UN,UNKN,PREV,0,EQ,NEGINF,INF,IF,IF,0,IF"
_CDEFS = {"Missing": _MISSING, "Seconds of hundredths": "CURRENT_DATA_SOURCE,100,/",
          "Seconds of milliseconds": "CURRENT_DATA_SOURCE,1000,/"}

# A polled value and its appearance. NAME is that of the data source, at most 19 characters. The
# requested instance is OID.INDEX.SUFFIX.
Output = collections.namedtuple(
    "Output", "name oid suffix colour draw cdef kind", defaults=(None, _GAUGE))
# A graph template, and the data template of the same name.
Graph = collections.namedtuple("Graph", "name title unit outputs missing number",
                               defaults=("no counts", _WHOLE_NUMBERS))
# The part of the value of OID.INDEX.SUFFIX that is the group of PATTERN.
Label = collections.namedtuple("Label", "oid suffix pattern")
# A data query. Its rows are the OIDs below WALKED that match ROWS, whose group is the index. FIELD
# distinguishes them by LABELS, a {pattern of indexes: text}, the OID of a column, or a Label.
Query = collections.namedtuple(
    "Query", "file name walked rows field labels graphs transient", defaults=(False,))


def _queries(mib):
    families = {str(number): name for name, number in mib.families.items()}
    totals = {str(mib[column].oid[-1]): text
              for column, text in (("tcpStateTotal", "now"), ("tcpStateTotalMin", "smallest"),
                                   ("tcpStateTotalMax", "largest"))}

    def states(column, end="", draw=None, omitted=()):
        oid = mib[column].dotted
        drawn = [found for found in mib.states.items() if found[0] not in omitted]
        return [Output(state + end, oid, number, _COLOURS[state],
                       draw or (_STACK if (state, number) != drawn[0] else _AREA))
                for state, number in drawn]

    def gauge(column, name, colour, draw, cdef=None):
        return Output(name, mib[column].dotted, None, colour, draw, cdef)

    def rate(column, name, colour):
        return gauge(column, name, colour, _AREA)._replace(kind=_DERIVE)

    first_state = r"^.*\.([0-9]+)\.1$"
    return [
        Query("tcp_state_count.xml", "Sockets by state", mib["tcpStateCount"].dotted,
              first_state, "family", families,
              [Graph("Sockets by state", "TCP sockets by state, |query_family|", "sockets",
                     states("tcpStateCount")),
               Graph("Largest counts by state", "Largest TCP counts by state, |query_family|",
                     "sockets", states("tcpStateCountMax", "Max", _LINE))]),
        # Each row is a column here: current value, minimum, maximum.
        Query("tcp_state_total.xml", "Sockets by state, both families",
              mib["tcpStateTotalEntry"].dotted, rf"^.*\.([{''.join(totals)}])\.1$", "count", totals,
              [Graph("Sockets by state, both families",
                     "TCP sockets by state, both families, |query_count|", "sockets",
                     states("tcpStateTotalEntry"))]),
        # The index without the state; the label of the state that every watch has.
        Query("tcp_watch_state.xml", "Sockets of a watch", mib["tcpWatchCount"].dotted,
              rf"^.*{re.escape(mib['tcpWatchCount'].dotted)}\.(.+)\.{mib.states['listen']}$", "watch",
              Label(mib["tcpWatchCountLabel"].dotted, mib.states["listen"], "(.+) listen"),
              [Graph("Sockets of a watch", "TCP sockets by state, |query_watch|", "sockets",
                     states("tcpWatchCount"))]),
        Query("tcp_watch.xml", "Local ports of a watch", mib["tcpWatchPortUse"].dotted,
              rf"^.*{re.escape(mib['tcpWatchPortUse'].dotted)}\.(.+)$", "filter",
              mib["tcpWatchFilter"].dotted,
              [Graph("Local ports of a watch", "Local ports used, |query_filter|", "percent",
                     [gauge("tcpWatchPortUse", "portUse", "1E88E5", _AREA)])]),
        # Likewise, but without states that have no rows unless the agent is configured for them:
        # Cacti logs missing values at each poll.
        Query("tcp_owner.xml", "Sockets of an owner", mib["tcpOwnerCount"].dotted,
              rf"^.*{re.escape(mib['tcpOwnerCount'].dotted)}\.(.+)\.{mib.states['listen']}$", "owner",
              Label(mib["tcpOwnerLabel"].dotted, mib.states["listen"], "(.+) listen"),
              [Graph("Sockets of an owner", "TCP sockets by state, |query_owner|", "sockets",
                     states("tcpOwnerCount", omitted=("closed", "established", "timeWait")))],
              transient=True),
        Query("tcp_listen_queue.xml", "Accept queues", mib["tcpListenQueued"].dotted,
              rf"^.*{re.escape(mib['tcpListenQueued'].dotted)}\.(.+)$", "endpoint",
              mib["tcpListenLabel"].dotted,
              [Graph("Accept queue", "Accept queue of |query_endpoint|", "connections",
                     [gauge("tcpListenQueued", "queued", "1E88E5", _AREA),
                      gauge("tcpListenQueuedMax", "queuedMax", "FB8C00", _LINE),
                      gauge("tcpListenBacklog", "backlog", "E53935", _LINE)]),
               Graph("Accept queue, dropped", "Connections dropped at |query_endpoint|",
                     "connections a second", [rate("tcpListenDropped", "dropped", "E53935")],
                     number=_TWO_DIGITS)],
              transient=True),
        Query("tcp_refresh.xml", "The agent", mib["tcpRefreshInterval"].dotted,
              r"^.*\.(0)$", "agent", {"0": "tcp-state-agent"},
              [Graph("Age of the counts", "Age of the TCP counts", "seconds",
                     [gauge("tcpRefreshAge", "age", "1E88E5", _AREA, "Seconds of hundredths"),
                      gauge("tcpRefreshInterval", "interval", "43A047", _LINE,
                            "Seconds of milliseconds")],
                     "no agent", _TWO_DIGITS),
               Graph("Failed refreshes", "Failed refreshes of the TCP counts",
                     "refreshes a second", [rate("tcpRefreshErrors", "errors", "E53935")],
                     "no agent", _TWO_DIGITS)]),
    ]


# ---- data queries, in separate files ----

def _query_file(query):
    fields = {query.field: {"name": query.field.capitalize(), "direction": "input"}}
    if isinstance(query.labels, dict):
        fields[query.field].update(
            method="walk", source="index",
            rewrite_value={f"item_{number:03}": {"match": pattern, "replace": text}
                           for number, (pattern, text) in enumerate(query.labels.items())})
    elif isinstance(query.labels, Label):
        fields[query.field].update(
            method="get", source="value", oid=query.labels.oid, oid_suffix=query.labels.suffix,
            rewrite_value={"item_000": {"match": query.labels.pattern, "replace": "$1"}})
    else:
        fields[query.field].update(method="get", source="value", oid=query.labels)
    for graph in query.graphs:
        for output in graph.outputs:
            fields[output.name] = {"name": output.name, "method": "get", "source": "value",
                                   "direction": "output", "oid": output.oid}
            if output.suffix is not None:
                fields[output.name]["oid_suffix"] = output.suffix
    return {"query": {
        "name": _named(query.name), "description": "Served by tcp-state-agent",
        "oid_index": query.walked, "oid_index_parse": f"OID/REGEXP:{query.rows}",
        "index_order": query.field, "index_order_type": "alphabetic",
        "index_title_format": "|chosen_order_field|",
        **({"index_transient": "true"} if query.transient else {}), "fields": fields}}


# ---- templates, in one file that refers to the data queries ----

def _template_file(queries):
    cacti = {}
    for name, expression in _CDEFS.items():
        cacti[_hash("cdef", name)] = {"name": _named(name), "items": {_hash("cdef item", name): {
            "sequence": 1, "type": _CUSTOM_STRING, "value": expression}}}
    for query in queries:
        for graph in query.graphs:
            cacti[_hash("data", graph.name)] = _data_template(graph)
            cacti[_hash("graph", graph.name)] = _graph_template(graph)
        cacti[_hash("query", query.name)] = _data_query(query)
    cacti[_hash("device")] = {
        "name": _NAMESPACE, "class": "linux", "graph_templates": "",
        "data_queries": "|".join(_hash("query", query.name) for query in queries)}
    return {"cacti": cacti}


def _data_template(graph):
    sources = {}
    for output in graph.outputs:
        sources[_source(graph, output)] = _fixed(
            data_source_name=output.name, rrd_minimum=0, rrd_maximum="U",
            data_source_type_id=output.kind, rrd_heartbeat=600, data_input_field_id=0)
    indexed = {f"item_{number:03}": {"data_input_field_id": _known("input field", field),
                                     "t_value": "on", "value": ""}
               for number, field in enumerate(_INDEX_FIELDS)}
    return {"name": _named(graph.name),
            "ds": {"t_name": "", "name": _title(graph),
                   "data_source_path": "", "data_input_id": _known(*_SNMP_QUERY),
                   **_fixed(data_source_profile_id=0, rrd_step=300, active="on")},
            "items": sources, "data": indexed}


def _graph_template(graph):
    items = [_item(graph, graph.outputs[0], _AREA, "FF0000", graph.missing, "Missing",
                   alpha="30", hard_return="on")]
    for output in graph.outputs:
        items.append(_item(graph, output, output.draw, output.colour, output.name, output.cdef))
        for function, text in ((_LAST, "now"), (_AVERAGE, "average"), (_MAX, "largest")):
            items.append(_item(graph, output, _GPRINT, 0, f"{text}:", output.cdef, function,
                               hard_return="on" if function == _MAX else ""))
    for number, item in enumerate(items, 1):
        item["sequence"] = number
    return {"name": _named(graph.name),
            "graph": _fixed(title=_title(graph),
                            vertical_label=graph.unit, image_format_id=1, height=200, width=700,
                            base_value=1000, slope_mode="", auto_scale="on", auto_scale_opts=2,
                            upper_limit=1, lower_limit=0, auto_padding="on"),
            "items": {_hash("graph item", graph.name, str(item["sequence"])): item
                      for item in items},
            "inputs": ""}


def _item(graph, output, draw, colour, text, cdef, function=_AVERAGE, alpha="FF", hard_return=""):
    return {"graph_type_id": draw, "task_item_id": _source(graph, output), "color_id": colour,
            "alpha": alpha, "consolidation_function_id": function,
            "cdef_id": _hash("cdef", cdef) if cdef else 0, "vdef_id": 0, "shift": "", "value": "",
            "gprint_id": _known(*graph.number), "textalign": "", "text_format": text,
            "hard_return": hard_return, "line_width": "1.00", "dashes": "", "dash_offset": 0}


def _data_query(query):
    graphs = {}
    for graph in query.graphs:
        data, title = _hash("data", graph.name), _title(graph)
        graphs[_hash("query graph", query.name, graph.name)] = {
            "graph_template_id": _hash("graph", graph.name), "name": _named(graph.name),
            "rrd": {f"item_{number:03}": {
                "snmp_field_name": output.name, "data_template_id": data,
                "data_template_rrd_id": _source(graph, output)}
                    for number, output in enumerate(graph.outputs)},
            "sv_graph": {_hash("graph title", query.name, graph.name): {
                "field_name": "title", "sequence": 1, "text": title}},
            "sv_data_source": {_hash("data title", query.name, graph.name): {
                "field_name": "name", "data_template_id": data, "sequence": 1, "text": title}}}
    return {"name": _named(query.name), "description": "Served by tcp-state-agent",
            "xml_path": f"<path_cacti>/resource/snmp_queries/{query.file}",
            "data_input_id": _known(*_SNMP_QUERY), "graphs": graphs}


def _title(graph):
    return f"|host_description| - {graph.title}"


def _named(name):
    """Return the name in Cacti's list of all templates."""
    return f"{_NAMESPACE} - {name}"


def _source(graph, output):
    return _hash("data source", graph.name, output.name)


def _fixed(**values):
    """Return the attributes of a template that a graph or data source cannot change."""
    return {key: value for name, given in values.items()
            for key, value in ((f"t_{name}", ""), (name, given))}


def _hash(kind, *names):
    return _known(kind, hashlib.md5("/".join((_NAMESPACE, kind, *names)).encode(),
                                    usedforsecurity=False).hexdigest())


def _known(kind, number):
    return f"hash_{_TYPES[kind]}{_VERSION}{number}"


# ---- common ----

def _write(path, tree):
    (name, content), = tree.items()
    root = _element(name, content)
    xml.indent(root, "\t")
    # Cacti accepts neither declarations nor comments, and requires all end tags.
    path.write_text(xml.tostring(root, encoding="unicode", short_empty_elements=False) + "\n")


def _element(name, content):
    element = xml.Element(name)
    if isinstance(content, dict):
        element.extend(_element(*item) for item in content.items())
    else:
        element.text = str(content)
    return element


def main():
    mib, directory = objects.arguments()
    queries = _queries(mib)
    for query in queries:
        _write(directory / query.file, _query_file(query))
    _write(directory / "cacti_device_template.xml", _template_file(queries))


main()
