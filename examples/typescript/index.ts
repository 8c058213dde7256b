import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PoetryLayer } from "pulumi-poetry-layer";

const deps = new PoetryLayer("deps", {
    runtime: "python3.13",
});

const role = new aws.iam.Role("role", {
    assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
});

const greet = new aws.lambda.Function("greet", {
    role: role.arn,
    handler: "app.handler",
    code: new pulumi.asset.FileArchive("handler"),
    runtime: deps.runtime,
    architectures: [deps.architecture],
    layers: [deps.arn],
});

export const layer = deps.arn;
export const packages = deps.packages;
export const functionName = greet.name;
