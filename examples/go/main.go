package main

import (
	"encoding/json"

	"github.com/pulumi-poetry-layer/pulumi-poetry-layer/sdk/go/poetrylayer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		deps, err := poetrylayer.NewPoetryLayer(ctx, "deps", &poetrylayer.PoetryLayerArgs{
			Runtime: pulumi.StringRef("python3.13"),
		})
		if err != nil {
			return err
		}

		trust, err := json.Marshal(map[string]any{
			"Version": "2012-10-17",
			"Statement": []map[string]any{{
				"Effect":    "Allow",
				"Action":    "sts:AssumeRole",
				"Principal": map[string]string{"Service": "lambda.amazonaws.com"},
			}},
		})
		if err != nil {
			return err
		}
		role, err := iam.NewRole(ctx, "role", &iam.RoleArgs{AssumeRolePolicy: pulumi.String(trust)})
		if err != nil {
			return err
		}

		greet, err := lambda.NewFunction(ctx, "greet", &lambda.FunctionArgs{
			Role:          role.Arn,
			Handler:       pulumi.String("app.handler"),
			Code:          pulumi.NewFileArchive("handler"),
			Runtime:       deps.Runtime,
			Architectures: pulumi.StringArray{deps.Architecture},
			Layers:        pulumi.StringArray{deps.Arn},
		})
		if err != nil {
			return err
		}

		ctx.Export("layer", deps.Arn)
		ctx.Export("packages", deps.Packages)
		ctx.Export("function", greet.Name)
		return nil
	})
}
