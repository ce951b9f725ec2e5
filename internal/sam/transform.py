"""Prints what CloudFormation gets when SAM has transformed the template on stdin."""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    """SAM looks up the managed policies of AWS by name; the template names none."""

    def load(self):
        return {}


template = yaml_parse(sys.stdin.read())
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"  # as `sam package` has it
json.dump(transform(template, {}, ManagedPolicies()), sys.stdout)
