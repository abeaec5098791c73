"""A protoc plugin for Python's gRPC stubs.

grpcio-tools holds that generator only inside its protoc; buf wants a plugin: a CodeGeneratorRequest on stdin, a
CodeGeneratorResponse on stdout. So the descriptors go to that protoc in a file, and the files that it writes come back.
"""

import pathlib
import sys
import tempfile

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def escape_comments(files: FileDescriptorSet) -> None:
    """Double the backslashes of comments: the generator puts comments into docstrings as they are."""
    for file in files.file:
        for location in file.source_code_info.location:
            location.leading_comments = location.leading_comments.replace("\\", r"\\")
            location.trailing_comments = location.trailing_comments.replace("\\", r"\\")


def generate(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Run the generator on the files that the request names."""
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as name:
        files = FileDescriptorSet(file=request.proto_file)
        escape_comments(files)
        descriptors = pathlib.Path(name, "descriptors.binpb")
        descriptors.write_bytes(files.SerializeToString())
        code = pathlib.Path(name, "code")
        code.mkdir()
        status = protoc.main([
            "protoc",
            f"--descriptor_set_in={descriptors}",
            f"--grpc_python_out={code}",
            *request.file_to_generate,
        ])
        if status != 0:
            response.error = f"protoc of grpcio-tools ended with status {status}"
            return response
        # Sorted, for the order of a directory differs from machine to machine.
        for path in sorted(code.rglob("*.py")):
            response.file.add(name=path.relative_to(code).as_posix(), content=path.read_text(encoding="utf-8"))
    return response


if __name__ == "__main__":
    sys.stdout.buffer.write(generate(CodeGeneratorRequest.FromString(sys.stdin.buffer.read())).SerializeToString())
