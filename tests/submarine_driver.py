"""Runs in apache-submarine's own environment: drives its client, unmodified, against a server.

    driver.py HOST TOKEN REPOSITORY

HOST has the base URL, without a slash at its end; REPOSITORY is the URL of a git repository.

Nothing is set but the host and the header of authorisation. Prints one JSON object: what the client
returned of each step.
"""

import json
import sys

from submarine.client import (
    ApiException,
    CodeSpec,
    EnvironmentApi,
    EnvironmentSpec,
    ExperimentApi,
    ExperimentMeta,
    ExperimentSpec,
    ExperimentTaskSpec,
    ExperimentTemplateApi,
    ExperimentTemplateParamSpec,
    ExperimentTemplatesApi,
    ExperimentTemplateSpec,
    ExperimentTemplateSubmit,
    GitCodeSpec,
    KernelSpec,
)
from submarine.client.api.environment_client import EnvironmentClient
from submarine.client.api.experiment_client import ExperimentClient

HOST, TOKEN, REPOSITORY = sys.argv[1:4]
told = {}
client = ExperimentClient(HOST)
client.experiment_api.api_client.set_default_header("Authorization", f"token {TOKEN}")
environments = EnvironmentClient(HOST)
environments.environment_api.api_client.set_default_header("Authorization", f"token {TOKEN}")
api_client = client.experiment_api.api_client


def spec(name, cmd, tags=None, code=None):
    return ExperimentSpec(
        meta=ExperimentMeta(
            name=name,
            namespace="default",
            framework="TensorFlow",
            cmd=cmd,
            env_vars={"GREETING": "hello"},
            tags=tags,
        ),
        environment=EnvironmentSpec(),
        spec={
            "Ps": ExperimentTaskSpec(replicas=1, resources="cpu=0.1,memory=256M", cmd="sleep 600"),
            "Worker": ExperimentTaskSpec(replicas=2, resources="cpu=0.1,memory=256M"),
        },
        code=code,
    )


# Experiments, by the client that people use
told["ping"] = ExperimentApi(api_client).ping()
code = CodeSpec(sync_mode="git", git=GitCodeSpec(url=REPOSITORY, branch="trunk"))
created = client.create_experiment(
    spec("first", 'python3 "$CODE_PATH/current/train.py"; echo $GREETING', ["one"], code)
)
told["created"] = created
identifier = created["experimentId"]
client.wait_for_finish(identifier, polling_interval=0.1)
told["finished"] = client.get_experiment(identifier)
told["async"] = client.get_experiment_async(identifier).get().result["status"]
client.get_log(identifier)
client.get_log(identifier, onlyMaster=True)
told["logs"] = client.list_log("Succeeded")
told["patched"] = client.patch_experiment(
    identifier, {**told["finished"]["spec"], "meta": {**created["spec"]["meta"], "name": "second"}}
)
told["listed"] = client.list_experiments("Succeeded")
going = client.create_experiment(spec("going", "sleep 600"))
told["deleted"] = client.delete_experiment(going["experimentId"])
try:
    client.get_experiment(going["experimentId"])
except ApiException as error:
    told["gone"] = [error.status, json.loads(error.body)["message"]]

# Templates, by the generated APIs
template_spec = ExperimentTemplateSpec(
    name="sdk",
    author="sdk",
    description="of the SDK",
    parameters=[
        ExperimentTemplateParamSpec(name="word", required="true", description="", value="none"),
        ExperimentTemplateParamSpec(name="name", required="false", description="", value="t"),
    ],
    experiment_spec=spec("{{name}}", "echo {{word}}"),
)
told["template"] = (
    ExperimentTemplateApi(api_client)
    .create_experiment_template(experiment_template_spec=template_spec)
    .result
)
templates = ExperimentTemplatesApi(api_client)
told["templates"] = templates.list_experiment_template().result
shown = ExperimentTemplateApi(api_client).get_experiment_template(id="sdk").result
told["patched template"] = templates.update_experiment_template(
    id="sdk", experiment_template_spec=shown["experimentTemplateSpec"]
).result
filled = (
    ExperimentApi(api_client)
    .submit_experiment_template(
        "sdk",
        experiment_template_submit=ExperimentTemplateSubmit(name="sdk", params={"word": "filled"}),
    )
    .result
)
client.wait_for_finish(filled["experimentId"], polling_interval=0.1)
told["filled"] = client.experiment_api.get_log(filled["experimentId"]).result
told["deleted template"] = templates.delete_experiment_template(id="sdk").result

# Environments
environment = EnvironmentSpec(
    name="sdk-env",
    docker_image="x:1",
    kernel_spec=KernelSpec(
        name="k", channels=["defaults"], conda_dependencies=[], pip_dependencies=["six"]
    ),
)
told["environment"] = environments.create_environment(environment_spec=environment)
told["environments"] = environments.list_environments()
told["same environment"] = environments.get_environment("sdk-env")
told["changed environment"] = environments.update_environment(
    "sdk-env", EnvironmentSpec(name="sdk-env", docker_image="x:2")
)
told["deleted environment"] = EnvironmentApi(api_client).delete_environment("sdk-env").result

print(json.dumps(told))
