"""Executes one GraphQL request a line with graphql-core, and tells one a line which root fields it executed.

The argument is the schema. Each root field: its name, its arguments, and the fields below it that were executed.
"""

import json
import sys

from graphql import GraphQLResolveInfo, build_schema, graphql_sync, is_leaf_type, get_named_type, is_list_type, get_nullable_type


class Node:
    """An object of an answer: the root field that it is below, and its path by the names of the schema."""

    def __init__(self, executed: dict[str, object], path: str) -> None:
        self.executed = executed
        self.path = path


def main() -> None:
    schema = build_schema(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        roots: list[dict[str, object]] = []

        def resolve(source: Node | None, info: GraphQLResolveInfo, **given: object) -> object:
            if source is None:
                kind = info.operation.operation.value
                executed: dict[str, object] = {"name": f"{kind}.{info.field_name}", "given": given, "fields": []}
                roots.append(executed)
                node = Node(executed, "")
            else:
                executed = source.executed
                node = Node(executed, f"{source.path}{info.field_name}.")
                executed["fields"].append(node.path[:-1])
            if is_leaf_type(get_named_type(info.return_type)):
                return None
            return [node] if is_list_type(get_nullable_type(info.return_type)) else node

        result = graphql_sync(
            schema,
            request["query"],
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
            field_resolver=resolve,
        )
        print(json.dumps("refused" if result.errors else roots))


main()
